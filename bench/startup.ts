/**
 * How long a cluster takes to start: medians from the start of the process to the API server's `/readyz`, and to the first
 * Ready node. The first start of each kind only fills the compile cache and is not counted.
 *
 *   node bench/startup.ts [--runs 10] [--only fresh,existing,simulated,real]
 *
 * Real nodes need root and containerd.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Connection } from './connection.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
});

/** Between two looks at a server that is not there yet. */
const POLL_MS = 2;
const START_MS_MAX = 60_000;
const KTS = join(import.meta.dirname, '..', 'kts');

const kinds: Readonly<Record<string, { readonly title: string; readonly arguments: readonly string[] }>> = {
  fresh: { title: 'API server alone, new data directory', arguments: ['--components', 'apiserver'] },
  existing: { title: 'API server alone, data directory of before', arguments: ['--components', 'apiserver'] },
  simulated: { title: 'whole cluster, one simulated node', arguments: ['--runtime', 'simulated'] },
  real: { title: 'whole cluster, one real node', arguments: ['--runtime', 'containerd', '--no-install'] },
};
const only = values.only.split(',').filter(Boolean);

console.log('median (minimum to maximum), ms               /readyz                first Ready node');
for (const [name, kind] of Object.entries(kinds)) {
  if (only.length > 0 ? !only.includes(name) : name === 'real') continue;
  await measure(kind.title, kind.arguments, name === 'existing');
}

async function measure(title: string, flags: readonly string[], keep: boolean): Promise<void> {
  const ready: number[] = [];
  const node: number[] = [];
  let directory = mkdtempSync(join(tmpdir(), 'kts-startup-'));
  for (let run = 0; run <= Number(values.runs); run++) {
    const times = await start(directory, flags);
    if (run > 0) ready.push(times.ready);
    if (run > 0 && times.node !== undefined) node.push(times.node);
    if (keep) continue;
    rmSync(directory, { recursive: true });
    directory = mkdtempSync(join(tmpdir(), 'kts-startup-'));
  }
  rmSync(directory, { recursive: true });
  console.log(title.padEnd(46) + summary(ready).padEnd(23) + summary(node));
}

interface Times {
  readonly ready: number;
  /** Absent: the cluster has no nodes. */
  readonly node: number | undefined;
}

async function start(directory: string, flags: readonly string[]): Promise<Times> {
  const port = await freePort();
  const kubeconfig = join(directory, 'bench.kubeconfig');
  const common = [
    '--name',
    'bench-startup',
    '--data-dir',
    directory,
    '--port',
    String(port),
    '--kubeconfig',
    kubeconfig,
  ];
  const begun = performance.now();
  const server = spawn(KTS, ['up', ...common, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  server.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const until = async (what: () => Promise<boolean>): Promise<number> => {
    while (!(await what())) {
      if (server.exitCode !== null) throw new Error(`kts up has ended: ${complaint}`);
      if (performance.now() - begun > START_MS_MAX) throw new Error('kts up is not ready in time');
      await sleep(POLL_MS);
    }
    return performance.now() - begun;
  };
  try {
    const ready = await until(() => isReady(port));
    if (flags.includes('--components')) return { ready, node: undefined };
    // The administrator's kubeconfig is written just after the server is ready.
    let connection: Connection | undefined;
    const node = await until(async () => {
      connection ??= connectionOf(join(directory, 'admin.kubeconfig'));
      return connection !== undefined && (await hasReadyNode(connection));
    });
    connection!.close();
    return { ready, node };
  } finally {
    await stop(server);
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}

function isReady(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const request = get(
    { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false },
    (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
    },
  );
  request.once('error', () => resolve(false));
  return promise;
}

function connectionOf(kubeconfig: string): Connection | undefined {
  try {
    return new Connection(kubeconfig);
  } catch {
    return undefined;
  }
}

async function hasReadyNode(connection: Connection): Promise<boolean> {
  const { body } = await connection.request('GET', '/api/v1/nodes');
  const { items } = JSON.parse(body.toString()) as { items: readonly NodeObject[] };
  return items.some((node) =>
    node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function summary(times: readonly number[]): string {
  if (times.length === 0) return '';
  const sorted = times.toSorted((a, b) => a - b);
  const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  return `${median.toFixed(0)} (${sorted[0]!.toFixed(0)} to ${sorted.at(-1)!.toFixed(0)})`;
}

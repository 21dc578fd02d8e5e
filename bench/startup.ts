/**
 * How long a cluster takes to start: medians from the start of the process to the API server's `/readyz`, and to the first
 * Ready node. The first start of each kind only fills the compile cache and is not counted.
 *
 *   node bench/startup.ts [--runs 10] [--only process,fresh,existing,simulated,real]
 *
 * Real nodes need root and containerd.
 */
import { once } from 'node:events';
import { get } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Connection } from './connection.ts';
import { removeDirectory, startKts, temporaryDirectory } from './kts-process.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
});

const kinds: Readonly<Record<string, { readonly title: string; readonly arguments: readonly string[] }>> = {
  fresh: { title: 'API server alone, new data directory', arguments: ['--components', 'apiserver'] },
  existing: { title: 'API server alone, data directory of before', arguments: ['--components', 'apiserver'] },
  simulated: { title: 'whole cluster, one simulated node', arguments: ['--runtime', 'simulated'] },
  real: { title: 'whole cluster, one real node', arguments: ['--runtime', 'containerd', '--no-install'] },
};
const only = values.only.split(',').filter(Boolean);

console.log('median (minimum to maximum), ms               /readyz                first Ready node');
if (only.length === 0 || only.includes('process')) await measureInProcess();
for (const [name, kind] of Object.entries(kinds)) {
  if (only.length > 0 ? !only.includes(name) : name === 'real') continue;
  await measure(kind.title, kind.arguments, name === 'existing');
}

async function measure(title: string, flags: readonly string[], keep: boolean): Promise<void> {
  const ready: number[] = [];
  const node: number[] = [];
  let directory = temporaryDirectory();
  for (let run = 0; run <= Number(values.runs); run++) {
    const times = await start(directory, flags);
    if (run > 0) ready.push(times.ready);
    if (run > 0 && times.node !== undefined) node.push(times.node);
    if (keep) continue;
    removeDirectory(directory);
    directory = temporaryDirectory();
  }
  removeDirectory(directory);
  console.log(title.padEnd(46) + summary(ready).padEnd(23) + summary(node));
}

interface Times {
  readonly ready: number;
  /** Absent: the cluster has no nodes. */
  readonly node: number | undefined;
}

async function start(directory: string, flags: readonly string[]): Promise<Times> {
  const port = await freePort();
  const cluster = startKts(directory, ['--port', String(port), ...flags]);
  try {
    const ready = await cluster.until(() => isReady(port));
    if (flags.includes('--components')) return { ready, node: undefined };
    // The administrator's kubeconfig is written just after the server is ready.
    let connection: Connection | undefined;
    const node = await cluster.until(async () => {
      connection ??= connectionOf(join(directory, 'admin.kubeconfig'));
      return connection !== undefined && (await hasReadyNode(connection));
    });
    connection!.close();
    return { ready, node };
  } finally {
    await cluster.stop();
  }
}

/** The API server inside this process, as tests use it. */
async function measureInProcess(): Promise<void> {
  const begun = performance.now();
  const { startTestApiServer } = await import('@kts/apiserver/testing');
  const imported = performance.now() - begun;
  const ready: number[] = [];
  for (let run = 0; run <= Number(values.runs); run++) {
    const before = performance.now();
    const server = await startTestApiServer();
    ready.push(performance.now() - before);
    await server[Symbol.asyncDispose]();
  }
  const first = `${imported.toFixed(0)} to load, ${ready.shift()!.toFixed(0)} for the first`;
  console.log('API server in process'.padEnd(46) + `${summary(ready)}, ${first}`);
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

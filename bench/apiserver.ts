/**
 * The request path of an API server, from outside: any kubeconfig, ours or another. Prints for each kind of request the
 * server's CPU per 1,000, how often that is what a bare HTTP/2 server takes for one answer in the same run, latency, and
 * memory. `--pid` names the server's processes (and its store's), comma separated.
 *
 *   node bench/apiserver.ts --kubeconfig FILE --pid 123[,456] [--pods 10000] [--watchers 1000] [--only get,list]
 *
 * Give it an empty cluster without nodes: it makes its own namespace and leaves nothing behind.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Connection } from './connection.ts';
import { cpuMs, residentMb } from './process-usage.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    pid: { type: 'string' },
    pods: { type: 'string', default: '10000' },
    watchers: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
});
if (!values.kubeconfig || !values.pid) {
  console.error('usage: node bench/apiserver.ts --kubeconfig FILE --pid PID[,PID]');
  process.exit(2);
}

const NAMESPACE = 'bench';
const PODS = Number(values.pods);
const WATCHERS = Number(values.watchers);
const CONNECTIONS = 10;
/** Resident memory is looked at once more after this time: what a burst of work leaves behind need not stay. */
const QUIET_SECONDS = 30;
/** The group that is always run: the others need its pods. */
const SET_UP = 'pods';
const pids = values.pid.split(',').map(Number);
const only = values.only.split(',').filter(Boolean);
const connections = Array.from({ length: CONNECTIONS }, () => new Connection(values.kubeconfig!));
const api = `/api/v1/namespaces/${NAMESPACE}`;
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const idleMb = residentMb(pids);
/** CPU ms of a bare server for 1,000 answers: what the machine is able to do today. */
let bareMs = 0;

await main();

async function main(): Promise<void> {
  console.log(
    'request                                count   CPU ms per 1,000   x bare    p50 ms    p99 ms   per second',
  );
  await benchBare();
  await setUp();
  await bench('get', 'GET pod', 10_000, 32, (index) => ['GET', `${api}/pods/pod-${index % PODS}`]);
  await bench('list', `LIST ${PODS} pods`, 10, 1, () => ['GET', `${api}/pods`]);
  await bench('list', `LIST ${PODS} pods, pages of 500`, 10, 1, (index) => ['GET', `${api}/pods?limit=500&n=${index}`]);
  await bench('table', `LIST ${PODS} pods as Table`, 5, 1, () => ['GET', `${api}/pods`, undefined, TABLE]);
  await bench('create', 'CREATE config map', 5_000, 32, (index) => ['POST', `${api}/configmaps`, configMap(index)]);
  await bench('update', 'UPDATE config map', 5_000, 32, (index) => [
    'PUT',
    `${api}/configmaps/cm-${index}`,
    configMap(index, 'b'),
  ]);
  await bench('patch', 'PATCH config map (merge)', 5_000, 32, (index) => [
    'PATCH',
    `${api}/configmaps/cm-${index}`,
    { data: { patched: String(index) } },
    undefined,
    'application/merge-patch+json',
  ]);
  await bench('patch', 'PATCH pod (strategic)', 2_000, 32, (index) => [
    'PATCH',
    `${api}/pods/pod-${index % PODS}`,
    { metadata: { labels: { patched: String(index) } } },
    undefined,
    'application/strategic-merge-patch+json',
  ]);
  await bench('apply', 'APPLY config map', 2_000, 32, (index) => [
    'PATCH',
    `${api}/configmaps/applied-${index}?fieldManager=bench&force=true`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `applied-${index}` }, data: { key: 'value' } },
    undefined,
    'application/apply-patch+yaml',
  ]);
  await benchWatch();
  const endMb = residentMb(pids);
  await sleep(QUIET_SECONDS * 1000);
  console.log(
    `\nresident: ${idleMb.toFixed(0)} MB at the start; with ${PODS} pods ${endMb.toFixed(0)} MB at the end, ` +
      `${residentMb(pids).toFixed(0)} MB after ${QUIET_SECONDS} quiet seconds`,
  );
  await connections[0]!.request('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
  for (const connection of connections) connection.close();
}

async function benchBare(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'kts-bench-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const server = fork(join(import.meta.dirname, 'bare-server.ts'), [kubeconfig], { stdio: 'inherit' });
  await once(server, 'message');
  const bare = Array.from({ length: CONNECTIONS }, () => new Connection(kubeconfig));
  const measured = await run(10_000, 32, bare, [server.pid!], () => ['GET', '/']);
  bareMs = (measured.cpu / measured.count) * 1000;
  report('a bare HTTP/2 server', measured);
  for (const connection of bare) connection.close();
  server.kill();
  rmSync(directory, { recursive: true });
}

type Request = readonly [
  method: string,
  path: string,
  body?: object | undefined,
  accept?: string | undefined,
  contentType?: string,
];

/** What a number of requests took. Times in milliseconds. */
interface Measured {
  readonly count: number;
  readonly cpu: number;
  readonly latencies: readonly number[];
  readonly elapsed: number;
}

async function bench(
  group: string,
  name: string,
  count: number,
  lanes: number,
  make: (index: number) => Request,
): Promise<void> {
  if (only.length > 0 && group !== SET_UP && !only.includes(group)) return;
  report(name, await run(count, lanes, connections, pids, make));
}

async function run(
  count: number,
  lanes: number,
  through: readonly Connection[],
  measured: readonly number[],
  make: (index: number) => Request,
): Promise<Measured> {
  const latencies: number[] = [];
  let next = 0;
  const cpu = cpuMs(measured);
  const start = performance.now();
  const lane = async (number: number): Promise<void> => {
    const connection = through[number % through.length]!;
    for (let index = next++; index < count; index = next++) {
      const [method, path, body, accept, contentType] = make(index);
      const sent = performance.now();
      const answer = await connection.request(method, path, {
        ...(body ? { body } : {}),
        ...(accept ? { accept } : {}),
        ...(contentType ? { contentType } : {}),
        keep: false,
      });
      latencies.push(performance.now() - sent);
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return { count, cpu: cpuMs(measured) - cpu, latencies, elapsed: performance.now() - start };
}

/** One event to every watcher, many times: one after another for the latency, then several under way for the rate. */
async function benchWatch(): Promise<void> {
  if (only.length > 0 && !only.includes('watch')) return;
  let delivered = 0;
  const waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  const streams = await Promise.all(
    Array.from({ length: WATCHERS }, (_, number) =>
      connections[number % CONNECTIONS]!.watch(`${api}/secrets?watch=true`, () => {
        delivered++;
        if (waiting[0] && delivered >= waiting[0].until) waiting.shift()!.resolve();
      }),
    ),
  );
  let sent = 0;
  const sendOne = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ until: ++sent * WATCHERS, resolve });
    await connections[0]!.request('POST', `${api}/secrets`, { body: secret(sent) });
    await promise;
  };
  await benchEvents(`one event to ${WATCHERS} watchers`, 50, 1, sendOne);
  await benchEvents('  four events under way', 200, 4, sendOne);
  for (const stream of streams) stream.close();
}

async function benchEvents(name: string, events: number, lanes: number, sendOne: () => Promise<void>): Promise<void> {
  const latencies: number[] = [];
  const cpu = cpuMs(pids);
  const start = performance.now();
  const lane = async (): Promise<void> => {
    for (let index = 0; index < events / lanes; index++) {
      const begun = performance.now();
      await sendOne();
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  report(name, { count: events * WATCHERS, cpu: cpuMs(pids) - cpu, latencies, elapsed: performance.now() - start });
}

function report(name: string, { count, cpu, latencies, elapsed }: Measured): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
  console.log(
    name.padEnd(36) +
      String(count).padStart(8) +
      ((cpu / count) * 1000).toFixed(1).padStart(19) +
      (((cpu / count) * 1000) / bareMs).toFixed(2).padStart(9) +
      at(0.5).padStart(10) +
      at(0.99).padStart(10) +
      ((count / elapsed) * 1000).toFixed(0).padStart(13),
  );
}

async function setUp(): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await connections[0]!.request('POST', '/api/v1/namespaces', { body: namespace });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await connections[0]!.request('POST', `${api}/serviceaccounts`, { body: account });
  await bench(SET_UP, 'CREATE pod', PODS, 32, (index) => ['POST', `${api}/pods`, pod(index)]);
}

/** About 4 KB as JSON once the server has filled in its defaults. */
function pod(index: number): object {
  const env = Array.from({ length: 12 }, (_, number) => ({
    name: `SETTING_${number}`,
    value: `a value of ordinary length for setting number ${number} of the container`,
  }));
  const resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } };
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${index}`,
      labels: { app: `app-${index % 100}`, tier: 'backend', 'app.kubernetes.io/managed-by': 'bench' },
      annotations: { 'example.com/description': 'x'.repeat(300) },
    },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        { name: 'main', image: 'example.com/app:1', env, resources, readinessProbe: probe, livenessProbe: probe },
        { name: 'side', image: 'example.com/side:1', resources },
      ],
    },
  };
}

function configMap(index: number, value = 'a'): object {
  const data = { key: value.repeat(500), other: 'value' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `cm-${index}` }, data };
}

function secret(index: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `secret-${index}` },
    stringData: { key: 'x'.repeat(1000) },
  };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodes, pods } from '@kts/api';
import { startTestApiServer } from '@kts/apiserver/testing';
import { createLogger } from '@kts/base';
import type { Client } from '@kts/client';
import type { FakeClock } from '@kts/base/testing';

import { createMetrics } from './metrics.ts';

const ROOT = '/apis/metrics.k8s.io/v1beta1';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const MEBIBYTE = 1024 ** 2;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Harness extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly client: Client;
  /** Nodes whose kubelets do not answer. */
  readonly down: Set<string>;
  /** The nodes that were asked, in order. */
  readonly asked: string[];
  readonly logged: string[];
  get(path: string, accept?: string): Promise<Answer>;
  addNode(name: string): Promise<void>;
  addPod(name: string, node: string, phase?: string): Promise<void>;
}

/** Two containers a pod that use 100 and 20 millicores, on nodes that use 500. */
async function start(): Promise<Harness> {
  const server = await startTestApiServer();
  const { clock, client } = server;
  const started = clock.now() - 3_600_000;
  const down = new Set<string>();
  const asked: string[] = [];
  const logged: string[] = [];
  const series = (labels: string, milliCores: number, mebibytes: number): string => {
    const [kind, braces] = labels === '' ? ['node', ''] : ['container', `{${labels}}`];
    const seconds = (milliCores * (clock.now() - started)) / 1e6;
    return `${kind}_cpu_usage_seconds_total${braces} ${seconds}\n${kind}_memory_working_set_bytes${braces} ${mebibytes * MEBIBYTE}\n`;
  };
  const scrape = async (node: string): Promise<string> => {
    asked.push(node);
    if (down.has(node)) throw new Error('connection refused');
    const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${node}` });
    const containers = items.flatMap(({ metadata: { name, namespace } }) => [
      series(`container="main",namespace="${namespace}",pod="${name}"`, 100, 64),
      series(`container="side",namespace="${namespace}",pod="${name}"`, 20, 16),
    ]);
    return [series('', 500, 1024), ...containers].join('');
  };
  const log = createLogger({ clock, write: (line) => void logged.push(line) });
  const metrics = createMetrics({ client, clock, log, scrape });
  const stop = new AbortController();
  const running = metrics.run(stop.signal);
  return {
    clock,
    client,
    down,
    asked,
    logged,
    get: async (path, accept = 'application/json') => {
      const answering = metrics.answer({ method: 'GET', path: `${ROOT}${path}`, headers: { accept } });
      await clock.advance(1_000);
      const { status, body } = await answering;
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return { status, body: JSON.parse(Buffer.concat(chunks).toString()) as Answer['body'] };
    },
    addNode: async (name) =>
      void (await client.create(nodes, { metadata: { name, labels: { zone: name } }, spec: {} })),
    addPod: async (name, nodeName, phase = 'Running') => {
      const key = { namespace: 'default', name };
      const containers = ['main', 'side'].map((container) => ({ name: container, image: 'web:1' }));
      await client.create(pods, { metadata: { ...key, labels: { app: name } }, spec: { nodeName, containers } });
      await client.patchStatus(pods, key, { type: 'merge', body: { status: { phase } } });
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await server.close();
    },
  };
}

async function startWithPods(): Promise<Harness> {
  const harness = await start();
  for (const node of ['n1', 'n2']) await harness.addNode(node);
  await harness.addPod('web', 'n1');
  await harness.addPod('db', 'n2');
  return harness;
}

const namesOf = ({ body }: Answer): readonly string[] =>
  (body['items'] as readonly { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);

describe('the metrics API', () => {
  it('tells what it has', async () => {
    await using harness = await start();
    const { body } = await harness.get('');
    assert.deepEqual(
      (body['resources'] as readonly { name: string; kind: string }[]).map(({ name, kind }) => `${name} ${kind}`),
      ['nodes NodeMetrics', 'pods PodMetrics'],
    );
    assert.deepEqual(harness.asked, []);
  });

  it('measures a node', async () => {
    await using harness = await startWithPods();
    const { status, body } = await harness.get('/nodes/n1');
    const { creationTimestamp, ...metadata } = body['metadata'] as Record<string, unknown>;
    assert.equal(status, 200);
    assert.equal(creationTimestamp, body['timestamp']);
    assert.deepEqual(
      { ...body, metadata, timestamp: undefined },
      {
        kind: 'NodeMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: { name: 'n1', labels: { zone: 'n1' } },
        timestamp: undefined,
        window: '1s',
        usage: { cpu: '500m', memory: '1Gi' },
      },
    );
  });

  it('measures the containers of a pod', async () => {
    await using harness = await startWithPods();
    const { body } = await harness.get('/namespaces/default/pods/web');
    assert.deepEqual(body['containers'], [
      { name: 'main', usage: { cpu: '100m', memory: '64Mi' } },
      { name: 'side', usage: { cpu: '20m', memory: '16Mi' } },
    ]);
    assert.deepEqual(harness.asked, ['n1', 'n1']);
  });

  it('lists by label and by name, and without what does not run', async () => {
    await using harness = await startWithPods();
    await harness.addPod('new', 'n1', 'Pending');
    assert.deepEqual(namesOf(await harness.get('/pods')), ['db', 'web']);
    assert.deepEqual(namesOf(await harness.get('/namespaces/default/pods?labelSelector=app%3Ddb')), ['db']);
    assert.deepEqual(namesOf(await harness.get('/pods?fieldSelector=metadata.name!%3Ddb')), ['web']);
    assert.deepEqual(namesOf(await harness.get('/namespaces/other/pods')), []);
    assert.deepEqual(namesOf(await harness.get('/nodes?labelSelector=zone%3Dn2')), ['n2']);
  });

  it('shows tables', async () => {
    await using harness = await startWithPods();
    const { body } = await harness.get('/namespaces/default/pods', TABLE);
    const columns = body['columnDefinitions'] as readonly { name: string }[];
    const rows = body['rows'] as readonly { cells: readonly string[]; object: { kind: string } }[];
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['Name', 'cpu', 'memory', 'Window'],
    );
    assert.deepEqual(
      rows.map(({ cells }) => cells),
      [
        ['db', '120m', '80Mi', '1s'],
        ['web', '120m', '80Mi', '1s'],
      ],
    );
    assert.equal(rows[0]?.object.kind, 'PartialObjectMetadata');
    assert.equal((await harness.get('/namespaces/other/pods', TABLE)).body['columnDefinitions'], null);
  });

  it('answers from the last sample for ten seconds, and then with the rate since', async () => {
    await using harness = await startWithPods();
    const window = async (): Promise<unknown> => (await harness.get('/nodes/n1')).body['window'];
    assert.equal(await window(), '1s');
    await harness.clock.advance(5_000);
    assert.equal(await window(), '1s');
    assert.equal(harness.asked.length, 2);
    await harness.clock.advance(8_000);
    assert.equal(await window(), '14s');
    assert.equal(harness.asked.length, 3);
    await harness.clock.advance(120_000);
    assert.equal(await window(), '1s');
    assert.equal(harness.asked.length, 5);
  });

  it('asks a kubelet once for all who ask at the same time', async () => {
    await using harness = await startWithPods();
    const answers = await Promise.all([harness.get('/nodes'), harness.get('/pods'), harness.get('/nodes/n1')]);
    assert.ok(answers.every(({ status }) => status === 200));
    assert.deepEqual(harness.asked.toSorted(), ['n1', 'n1', 'n2', 'n2']);
  });

  it('leaves out nodes that do not answer, and says so once', async () => {
    await using harness = await startWithPods();
    harness.down.add('n1');
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(namesOf(await harness.get('/nodes')), ['n2']);
      assert.deepEqual(namesOf(await harness.get('/pods')), ['db']);
      await harness.clock.advance(15_000);
    }
    assert.equal(harness.logged.length, 1);
    assert.match(harness.logged[0]!, /failed to scrape node.*n1.*connection refused/);
  });

  const missing: [path: string, message: string][] = [
    ['/nodes/none', 'node "none" not found'],
    ['/nodes/n3', 'nodemetrics.metrics.k8s.io "n3" not found'],
    ['/namespaces/default/pods/none', 'pods "none" not found'],
    ['/namespaces/default/pods/new', 'pods "new" not found'],
    ['/namespaces/default/pods/lost', 'podmetrics.metrics.k8s.io "default/lost" not found'],
  ];
  for (const [path, message] of missing) {
    it(`${path}: ${message}`, async () => {
      await using harness = await startWithPods();
      await harness.addNode('n3');
      await harness.addPod('new', 'n1', 'Pending');
      await harness.addPod('lost', 'n3');
      harness.down.add('n3');
      const { status, body } = await harness.get(path);
      assert.deepEqual([status, body['reason'], body['message']], [404, 'NotFound', message]);
    });
  }
});

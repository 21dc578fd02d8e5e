/** A whole cluster on one clock: an autoscaler reads what simulated pods use, and scales them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { deployments, horizontalPodAutoscalers, pods } from '@kts/api';
import { createApiServer } from '@kts/apiserver';
import { ADMIN } from '@kts/apiserver/testing';
import { seededRandom, silentLogger, TaskGroup } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { Client } from '@kts/client';
import { createControllerManager } from '@kts/controller-manager';
import { AddressPool, createSimulatedRuntime } from '@kts/host-cri';
import { createFakeHost, createKubelet, DEFAULT_KUBELET_CONFIG, resourceMetricsText } from '@kts/kubelet';
import { createScheduler, parseSchedulerFlags, readConfiguration } from '@kts/scheduler';
import { createMemoryStore } from '@kts/store';

import { createMetrics } from './metrics.ts';
import { publishMetricsApi } from './publish-metrics-api.ts';

const NODE = 'node-1';
const KEY = { namespace: 'default', name: 'web' };
const CPU = 'simulated.kts.dev/cpu';
const SERVICE = { namespace: 'kube-system', name: 'metrics' };
const STEP_MS = 100;
const CONTROLLERS = [
  'serviceaccount-controller',
  'node-lifecycle-controller',
  'deployment-controller',
  'replicaset-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
];

interface TestCluster extends AsyncDisposable {
  readonly client: Client;
  /** Lets time go on until it holds. Fails if it does not within that time. */
  until(seconds: number, holds: () => Promise<boolean>): Promise<void>;
}

async function startCluster(): Promise<TestCluster> {
  const clock = new FakeClock();
  const random = seededRandom(1);
  const store = createMemoryStore({ clock });
  const stop = new AbortController();
  const group = new TaskGroup(stop.signal);
  const deps = { clock, random, log: silentLogger };
  const { runtime, images, used } = createSimulatedRuntime({
    ...deps,
    addresses: new AddressPool('10.244.0.0/24'),
    signal: group.signal,
    annotations: () => new Map(kubelet.api.pods().map(({ metadata }) => [metadata.uid, metadata.annotations ?? {}])),
  });
  const host = createFakeHost({ machine: { cpus: 32 }, used });
  const server = createApiServer(
    {},
    {
      ...deps,
      store,
      inProcessServers: new Map([[`${SERVICE.namespace}/${SERVICE.name}`, (asked) => metrics.answer(asked)]]),
    },
  );
  const client = new Client(server.inProcessTransport(ADMIN));
  const withClient = { ...deps, client };
  const kubelet = createKubelet(
    { ...DEFAULT_KUBELET_CONFIG, nodeName: NODE },
    { ...withClient, runtime, images, host },
  );
  const stats = { ...deps, nodeName: NODE, api: kubelet.api, runtime, host, rootDirectory: '/' };
  const metrics = createMetrics({ ...withClient, scrape: (_node, signal) => resourceMetricsText(stats, signal) });
  const scheduler = createScheduler(readConfiguration(parseSchedulerFlags([])), withClient);
  const manager = createControllerManager({ controllers: CONTROLLERS }, withClient);
  group.start((signal) => server.run(signal));
  await server.ready;
  await publishMetricsApi(client, SERVICE);
  for (const component of [kubelet, metrics, scheduler, manager]) group.start((signal) => component.run(signal));
  return {
    client,
    until: async (seconds, holds) => {
      for (let passed = 0; !(await holds()); passed += STEP_MS) {
        assert.ok(passed < seconds * 1000, `not within ${seconds} s`);
        await clock.advance(STEP_MS);
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await clock.advance(STEP_MS);
      await group.done();
      await store.close();
    },
  };
}

async function createAutoscaled({ client }: TestCluster, cpu: string): Promise<void> {
  const labels = { app: 'web' };
  const containers = [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m' } } }];
  await client.create(deployments, {
    metadata: KEY,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { [CPU]: cpu } },
        spec: { automountServiceAccountToken: false, containers },
      },
    },
  });
  await client.create(horizontalPodAutoscalers, {
    metadata: KEY,
    spec: {
      minReplicas: 1,
      maxReplicas: 8,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 30 } },
    },
  });
}

/** Every pod that runs uses so much from now on. */
async function use({ client }: TestCluster, cpu: string): Promise<void> {
  const { items } = await client.list(pods, { namespace: 'default' });
  for (const { metadata } of items) {
    await client.patch(pods, metadata, { type: 'merge', body: { metadata: { annotations: { [CPU]: cpu } } } });
  }
}

describe('an autoscaler', () => {
  it('adds pods while those there are use much, and takes them away when they use little', async () => {
    await using cluster = await startCluster();
    const running = (replicas: number) => async (): Promise<boolean> => {
      const { status } = await cluster.client.get(deployments, KEY);
      return status?.replicas === replicas && status.readyReplicas === replicas;
    };
    await createAutoscaled(cluster, '80m');
    await cluster.until(30, running(2));
    // 80 of 100 millicores where 50 are wanted: 1.6 times as many.
    await cluster.until(60, running(4));
    await use(cluster, '50m');
    const { status } = await cluster.client.get(horizontalPodAutoscalers, KEY);
    assert.deepEqual([status?.currentReplicas, status?.desiredReplicas], [2, 4]);
    await use(cluster, '10m');
    await cluster.until(120, running(1));
    const current = (await cluster.client.get(horizontalPodAutoscalers, KEY)).status?.currentMetrics?.[0];
    assert.deepEqual(current?.resource?.current, { averageUtilization: 10, averageValue: '10m' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { endpoints, endpointSlices, nodes, pods, services } from '@kts/api';
import { formatTime } from '@kts/base';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const CONTROLLERS = ['endpoints-controller', 'endpointslice-controller'];

async function runningPod(
  { client, clock }: ControllerHarness,
  name: string,
  ip: string,
  { ready = true, nodeName = 'n1' }: { readonly ready?: boolean; readonly nodeName?: string } = {},
): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, labels: { app: 'web' } };
  await client.create(pods, { metadata, spec: { containers: [{ name: 'app', image: 'app:1' }], nodeName } });
  const lastTransitionTime = formatTime(clock.now());
  const status = {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime }],
  };
  await client.patchStatus(pods, metadata, { type: 'merge', body: { status } });
}

async function startWithService(): Promise<ControllerHarness> {
  const cluster = await startControllers(CONTROLLERS);
  const labels = { 'topology.kubernetes.io/zone': 'z1' };
  await cluster.client.create(nodes, { metadata: { name: 'n1', labels }, spec: {} });
  await cluster.client.create(services, {
    metadata: { name: 'web', namespace: NAMESPACE },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await cluster.settle();
  return cluster;
}

describe('the endpoint controllers', () => {
  it('make an empty slice and empty Endpoints for a Service without pods', async () => {
    await using cluster = await startWithService();
    const [slice, ...others] = (await cluster.client.list(endpointSlices, { namespace: NAMESPACE })).items;
    assert.deepEqual([others, slice?.endpoints ?? []], [[], []]);
    assert.equal(slice?.metadata.labels?.['kubernetes.io/service-name'], 'web');
    assert.equal((await cluster.client.get(endpoints, { namespace: NAMESPACE, name: 'web' })).subsets, undefined);
  });

  it('fill them with the pods that the Service selects, and follow what becomes of those', async () => {
    await using cluster = await startWithService();
    await runningPod(cluster, 'a', '10.0.0.1');
    await runningPod(cluster, 'b', '10.0.0.2', { ready: false });
    await cluster.settle();
    const [slice, ...others] = (await cluster.client.list(endpointSlices, { namespace: NAMESPACE })).items;
    assert.deepEqual(others, []);
    assert.deepEqual(
      slice?.endpoints?.map(({ addresses, conditions, zone }) => [addresses[0], conditions?.ready, zone]),
      [
        ['10.0.0.1', true, 'z1'],
        ['10.0.0.2', false, 'z1'],
      ],
    );
    assert.deepEqual(slice.ports, [{ name: '', protocol: 'TCP', port: 8080 }]);
    const { subsets } = await cluster.client.get(endpoints, { namespace: NAMESPACE, name: 'web' });
    assert.deepEqual(
      subsets?.map(({ addresses, notReadyAddresses }) => [addresses?.[0]?.ip, notReadyAddresses?.[0]?.ip]),
      [['10.0.0.1', '10.0.0.2']],
    );
    await cluster.client.delete(pods, { namespace: NAMESPACE, name: 'a' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    const [after] = (await cluster.client.list(endpointSlices, { namespace: NAMESPACE })).items;
    assert.deepEqual(
      after?.endpoints?.map(({ addresses }) => addresses[0]),
      ['10.0.0.2'],
    );
  });

  it('leave Endpoints alone that belong to no Service', async () => {
    await using cluster = await startWithService();
    const key = { namespace: NAMESPACE, name: 'own' };
    await cluster.client.create(endpoints, { metadata: key, subsets: [] });
    await cluster.settle();
    assert.equal((await cluster.client.get(endpoints, key)).metadata.name, 'own');
  });

  it('give hints by what zones have of the processors, as long as nodes tell that', async () => {
    await using cluster = await startControllers(CONTROLLERS);
    const { client, clock } = cluster;
    const setReady = async (name: string, status: 'True' | 'False'): Promise<void> => {
      const lastTransitionTime = formatTime(clock.now());
      const condition = { type: 'Ready', status, lastTransitionTime, lastHeartbeatTime: lastTransitionTime };
      const body = { status: { allocatable: { cpu: '2' }, conditions: [condition] } };
      await client.patchStatus(nodes, { name }, { type: 'merge', body });
    };
    for (const name of ['n1', 'n2']) {
      const labels = { 'topology.kubernetes.io/zone': `z-${name}` };
      await client.create(nodes, { metadata: { name, labels }, spec: {} });
      await setReady(name, 'True');
    }
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
    await client.create(services, {
      metadata: { name: 'web', namespace: NAMESPACE, annotations },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await runningPod(cluster, 'a', '10.0.0.1');
    await runningPod(cluster, 'b', '10.0.0.2', { nodeName: 'n2' });
    await cluster.settle();
    const hints = async (): Promise<readonly unknown[]> => {
      const [slice] = (await client.list(endpointSlices, { namespace: NAMESPACE })).items;
      return (slice?.endpoints ?? []).map((endpoint) => endpoint.hints?.forZones?.map(({ name }) => name));
    };
    assert.deepEqual(await hints(), [['z-n1'], ['z-n2']]);
    await setReady('n2', 'False');
    await cluster.settle();
    assert.deepEqual(await hints(), [undefined, undefined]);
    await setReady('n2', 'True');
    await client.patch(
      services,
      { namespace: NAMESPACE, name: 'web' },
      { type: 'merge', body: { metadata: { labels: { a: 'b' } } } },
    );
    await cluster.settle();
    assert.deepEqual(await hints(), [['z-n1'], ['z-n2']]);
  });
});

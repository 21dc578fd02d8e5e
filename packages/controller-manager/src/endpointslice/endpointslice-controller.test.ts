import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { endpoints, endpointSlices, nodes, pods, services } from '@kts/api';
import { formatTime } from '@kts/base';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const CONTROLLERS = ['endpoints-controller', 'endpointslice-controller'];

async function runningPod({ client, clock }: ControllerHarness, name: string, ip: string, ready = true): Promise<void> {
  const metadata = { name, namespace: NAMESPACE, labels: { app: 'web' } };
  await client.create(pods, { metadata, spec: { containers: [{ name: 'app', image: 'app:1' }], nodeName: 'n1' } });
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
    await runningPod(cluster, 'b', '10.0.0.2', false);
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
});

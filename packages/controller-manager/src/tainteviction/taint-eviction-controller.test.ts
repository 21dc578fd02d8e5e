import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, nodes, pods } from '@kts/api';
import type { Toleration } from '@kts/api/types/core-v1';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const KEY = { namespace: 'default', name: 'web' };

async function start(tolerations: readonly Toleration[]): Promise<ControllerHarness> {
  const cluster = await startControllers(['taint-eviction-controller']);
  await cluster.client.create(nodes, { metadata: { name: 'one' }, spec: {} });
  await cluster.client.create(pods, {
    metadata: KEY,
    spec: { containers: [{ name: 'main', image: 'web:1' }], nodeName: 'one', tolerations },
  });
  await setTaints(cluster, [{ key: 'a', effect: 'NoExecute' }]);
  return cluster;
}

async function setTaints(cluster: ControllerHarness, taints: readonly object[]): Promise<void> {
  await cluster.client.patch(nodes, { name: 'one' }, { type: 'merge', body: { spec: { taints } } });
  await cluster.settle();
}

async function isDeleted(cluster: ControllerHarness): Promise<boolean> {
  return (await cluster.client.get(pods, KEY)).metadata.deletionTimestamp !== undefined;
}

async function told(cluster: ControllerHarness): Promise<readonly (string | undefined)[]> {
  return (await cluster.client.list(events, { namespace: 'default' })).items.map(({ message }) => message);
}

describe('the taint eviction controller', () => {
  it('evicts at once what does not tolerate the taint, and says why', async () => {
    await using cluster = await start([]);
    assert.equal(await isDeleted(cluster), true);
    const { status } = await cluster.client.get(pods, KEY);
    assert.equal(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason, 'DeletionByTaintManager');
    assert.deepEqual(await told(cluster), ['Marking for deletion Pod default/web']);
  });

  it('evicts later what tolerates it for a while', async () => {
    await using cluster = await start([{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
    await cluster.clock.advance(50_000);
    assert.equal(await isDeleted(cluster), false);
    await cluster.clock.advance(10_000);
    assert.equal(await isDeleted(cluster), true);
  });

  it('does not if the taint goes in time', async () => {
    await using cluster = await start([{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
    await setTaints(cluster, []);
    await cluster.clock.advance(120_000);
    assert.equal(await isDeleted(cluster), false);
    assert.deepEqual(await told(cluster), ['Cancelling deletion of Pod default/web']);
  });
});

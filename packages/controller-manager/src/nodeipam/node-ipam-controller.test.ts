import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, nodes } from '@kts/api';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const start = (clusterCIDRs: readonly string[]): Promise<ControllerHarness> =>
  startControllers(['node-ipam-controller'], { config: { allocateNodeCIDRs: true, clusterCIDRs } });

const ranges = async ({ client }: ControllerHarness): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await client.list(nodes)).items.map(({ metadata, spec }) => [metadata.name, (spec?.podCIDRs ?? []).join()]),
  );

describe('the node range controller', () => {
  it('gives every node its own ranges, and those of deleted ones again', async () => {
    await using cluster = await start(['10.0.0.0/23', 'fd00::/63']);
    await cluster.client.create(nodes, { metadata: { name: 'a' }, spec: {} });
    await cluster.settle();
    await cluster.client.create(nodes, { metadata: { name: 'b' }, spec: {} });
    await cluster.settle();
    assert.deepEqual(await ranges(cluster), { a: '10.0.0.0/24,fd00::/64', b: '10.0.1.0/24,fd00:0:0:1::/64' });
    assert.equal((await cluster.client.get(nodes, { name: 'a' })).spec?.podCIDR, '10.0.0.0/24');
    await cluster.client.delete(nodes, { name: 'a' });
    await cluster.client.create(nodes, { metadata: { name: 'c' }, spec: {} });
    await cluster.settle();
    assert.equal((await ranges(cluster))['c'], '10.0.0.0/24,fd00::/64');
  });

  it('leaves nodes their ranges, and says so if none is left', async () => {
    await using cluster = await start(['10.0.0.0/24']);
    await cluster.client.create(nodes, {
      metadata: { name: 'a' },
      spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
    });
    await cluster.settle();
    await cluster.client.create(nodes, { metadata: { name: 'b' }, spec: {} });
    await cluster.settle();
    assert.deepEqual(await ranges(cluster), { a: '10.0.0.0/24', b: '' });
    const told = (await cluster.client.list(events, { namespace: 'default' })).items.map(({ reason }) => reason);
    assert.deepEqual([...new Set(told)], ['CIDRNotAvailable']);
  });
});

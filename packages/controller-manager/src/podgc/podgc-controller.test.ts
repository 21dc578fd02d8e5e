import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodes, pods } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';

const KEY = { namespace: 'default', name: 'web' };

describe('the pod garbage collector', () => {
  it('removes pods of a node that has been gone for a while', async () => {
    await using cluster = await startControllers(['pod-garbage-collector-controller']);
    await cluster.client.create(nodes, { metadata: { name: 'one' }, spec: {} });
    await cluster.client.create(pods, {
      metadata: { ...KEY, finalizers: ['test.kts.io/keep'] },
      spec: { containers: [{ name: 'main', image: 'web:1' }], nodeName: 'one' },
    });
    await cluster.client.delete(nodes, { name: 'one' });
    await cluster.clock.advance(30_000);
    assert.equal((await cluster.client.get(pods, KEY)).metadata.deletionTimestamp, undefined);
    await cluster.clock.advance(40_000);
    const { metadata, status } = await cluster.client.get(pods, KEY);
    assert.notEqual(metadata.deletionTimestamp, undefined);
    assert.equal(status?.phase, 'Failed');
    const condition = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.equal(condition?.reason, 'DeletionByPodGC');
  });
});

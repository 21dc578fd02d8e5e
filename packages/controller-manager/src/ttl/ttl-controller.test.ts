import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodes } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';
import { nextStep } from './ttl-controller.ts';

describe('the TTL controller', () => {
  for (const [step, count, next] of [
    [0, 100, 0],
    [0, 101, 1],
    [1, 90, 1],
    [1, 89, 0],
    [0, 5000, 4],
    [4, 0, 0],
  ] as const) {
    it(`goes from step ${step} to ${next} with ${count} nodes`, () => assert.equal(nextStep(step, count), next));
  }

  it('tells every node', async () => {
    await using cluster = await startControllers(['ttl-controller']);
    await cluster.client.create(nodes, { metadata: { name: 'one' }, spec: {} });
    await cluster.settle();
    const { metadata } = await cluster.client.get(nodes, { name: 'one' });
    assert.equal(metadata.annotations?.['node.alpha.kubernetes.io/ttl'], '0');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, persistentVolumeClaims, pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { startControllers } from '../testing/controller-harness.ts';

const CLAIM = { namespace: 'default', name: 'web-scratch' };
const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } as const;
const pod: New<Pod> = {
  metadata: { namespace: 'default', name: 'web' },
  spec: {
    containers: [{ name: 'main', image: 'web:1' }],
    volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { l: '1' } }, spec } } }],
  },
};

describe('the ephemeral volume controller', () => {
  it('makes a claim that its pod owns', async () => {
    await using cluster = await startControllers(['ephemeral-volume-controller']);
    const { metadata } = await cluster.client.create(pods, pod);
    await cluster.settle();
    const claim = await cluster.client.get(persistentVolumeClaims, CLAIM);
    assert.deepEqual(claim.metadata.labels, { l: '1' });
    assert.equal(claim.metadata.ownerReferences?.[0]?.uid, metadata.uid);
  });

  it('leaves a claim alone that is not its own', async () => {
    await using cluster = await startControllers(['ephemeral-volume-controller']);
    await cluster.client.create(persistentVolumeClaims, { metadata: CLAIM, spec });
    await cluster.client.create(pods, pod);
    await cluster.settle();
    const [told] = (await cluster.client.list(events, { namespace: 'default' })).items;
    const cause = 'PVC default/web-scratch was not created for pod default/web (pod is not owner)';
    assert.equal(told?.message, `ephemeral volume scratch: ${cause}`);
  });
});

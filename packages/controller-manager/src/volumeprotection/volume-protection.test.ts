import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { persistentVolumeClaims, pods } from '@kts/api';
import type { PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';

import { podOn } from '../nodes/testing/node-objects.ts';
import { startControllers } from '../testing/controller-harness.ts';
import { CLAIM_FINALIZER, planProtection, usesClaim } from './volume-protection.ts';

const claim = (name: string, owner?: Pod): PersistentVolumeClaim => {
  const { metadata } = podOn({ name });
  const { name: ownerName = '', uid = '' } = owner?.metadata ?? {};
  const reference = { apiVersion: 'v1', kind: 'Pod', name: ownerName, uid, controller: true };
  return { metadata: { ...metadata, ...(owner ? { ownerReferences: [reference] } : {}) }, spec: {} };
};

describe('planProtection', () => {
  for (const [name, finalizers, isDeleted, isUsed, step] of [
    ['new', [], false, false, 'add'],
    ['held', ['f'], false, false, 'nothing'],
    ['deleted and used', ['f'], true, true, 'nothing'],
    ['deleted and free', ['f'], true, false, 'remove'],
    ['deleted and not held', ['g'], true, false, 'nothing'],
  ] as const) {
    it(`${name}: ${step}`, () => {
      const { metadata } = podOn({ name: 'a', isDeleted });
      assert.equal(planProtection({ metadata: { ...metadata, finalizers } }, 'f', isUsed), step);
    });
  }
});

describe('usesClaim', () => {
  const withVolume = (volume: object, node?: string): Pod => {
    const pod = podOn({ name: 'web', ...(node ? { node } : {}) });
    return { ...pod, spec: { ...pod.spec, volumes: [{ name: 'data', ...volume }] } };
  };
  const named = { persistentVolumeClaim: { claimName: 'data' } };
  const own = withVolume({ ephemeral: {} }, 'one');
  for (const [name, pod, of, uses] of [
    ['by name', withVolume(named, 'one'), claim('data'), true],
    ['another one', withVolume(named, 'one'), claim('other'), false],
    ['without a node', withVolume(named), claim('data'), false],
    ['its own', own, claim('web-data', own), true],
    ["somebody else's of that name", own, claim('web-data'), false],
  ] as const) {
    it(`${name}: ${uses}`, () => assert.equal(usesClaim(pod, of), uses));
  }
});

describe('the claim protection controller', () => {
  it('keeps a deleted claim until its pod is gone', async () => {
    await using cluster = await startControllers(['persistentvolumeclaim-protection-controller']);
    const [claimKey, podKey] = ['data', 'web'].map((name) => ({ namespace: 'default', name }));
    const resources = { requests: { storage: '1Gi' } };
    await cluster.client.create(persistentVolumeClaims, {
      metadata: claimKey!,
      spec: { accessModes: ['ReadWriteOnce'], resources },
    });
    await cluster.client.create(pods, {
      metadata: podKey!,
      spec: {
        nodeName: 'one',
        containers: [{ name: 'main', image: 'web:1' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await cluster.settle();
    assert.deepEqual((await cluster.client.get(persistentVolumeClaims, claimKey!)).metadata.finalizers, [
      CLAIM_FINALIZER,
    ]);
    await cluster.client.delete(persistentVolumeClaims, claimKey!);
    await cluster.settle();
    assert.equal((await cluster.client.list(persistentVolumeClaims)).items.length, 1);
    await cluster.client.delete(pods, podKey!, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal((await cluster.client.list(persistentVolumeClaims)).items.length, 0);
  });
});

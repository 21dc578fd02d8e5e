import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { OwnerReference } from '@kts/apimachinery';

import { areOwnersCurrent, isClaimStale, ownersAfterUpdate } from './claim-owners.ts';
import { claim, statefulPod, statefulSet } from './testing/stateful-objects.ts';

const SET: OwnerReference = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: 'db',
  uid: 'uid-db',
  controller: true,
  blockOwnerDeletion: true,
};
const POD: OwnerReference = { ...SET, apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'uid-db-0' };
const OTHER: OwnerReference = { ...SET, kind: 'Deployment', name: 'other', uid: 'uid-other' };

interface Row {
  /** When deleted, when scaled: keep or delete. */
  readonly policy: readonly ['Retain' | 'Delete', 'Retain' | 'Delete'];
  readonly replicas: number;
  readonly before: readonly OwnerReference[];
  readonly after: readonly OwnerReference[];
}

const rows: readonly Row[] = [
  { policy: ['Retain', 'Retain'], replicas: 1, before: [], after: [] },
  { policy: ['Retain', 'Retain'], replicas: 1, before: [SET, POD], after: [] },
  { policy: ['Delete', 'Retain'], replicas: 1, before: [], after: [SET] },
  { policy: ['Delete', 'Retain'], replicas: 0, before: [POD], after: [SET] },
  { policy: ['Retain', 'Delete'], replicas: 1, before: [SET], after: [] },
  { policy: ['Retain', 'Delete'], replicas: 0, before: [], after: [POD] },
  { policy: ['Delete', 'Delete'], replicas: 1, before: [POD], after: [SET] },
  { policy: ['Delete', 'Delete'], replicas: 0, before: [SET], after: [POD] },
  { policy: ['Delete', 'Delete'], replicas: 1, before: [OTHER, SET], after: [OTHER] },
  { policy: ['Delete', 'Retain'], replicas: 1, before: [{ ...SET, controller: false }], after: [SET] },
];

describe('the owners of a claim', () => {
  const pod = statefulPod(0, '+');
  for (const { policy, replicas, before, after } of rows) {
    const names = (owners: readonly OwnerReference[]): string => owners.map(({ kind }) => kind).join('+') || 'nobody';
    it(`${policy.join('/')} with ${replicas}: ${names(before)} becomes ${names(after)}`, () => {
      const [whenDeleted, whenScaled] = policy;
      const set = statefulSet({ replicas, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } });
      const before1 = claim('data-db-0', ...before);
      assert.deepEqual(ownersAfterUpdate(before1, set, pod), after);
      assert.equal(areOwnersCurrent(before1, set, pod), JSON.stringify(before) === JSON.stringify(after));
      assert.equal(areOwnersCurrent(claim('data-db-0', ...after), set, pod), true);
    });
  }

  it('of a former pod make a new one wait', () => {
    const set = statefulSet({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' } });
    assert.equal(isClaimStale(claim('data-db-0', { ...POD, uid: 'uid-former' }), set, pod), true);
    assert.equal(isClaimStale(claim('data-db-0', POD), set, pod), false);
  });
});

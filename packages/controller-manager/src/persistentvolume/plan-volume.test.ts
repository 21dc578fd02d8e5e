import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { PersistentVolumeClaimSpec } from '@kts/api/types/core-v1';

import { BIND_COMPLETED, BOUND_BY_CONTROLLER } from './plan-claim.ts';
import { planVolume, type VolumePlan } from './plan-volume.ts';
import { claim, volume, type VolumeFields } from './testing/volume-objects.ts';
import { boundClaim, boundVolume, claimInPhase, unboundVolume } from './volume-changes.ts';

function summary(plan: VolumePlan): string {
  if (plan.do === 'set phase') return plan.phase;
  if (plan.do !== 'release') return plan.do;
  return plan.reclaim.do === 'fail' ? `release, fail ${plan.reclaim.reason}` : `release, ${plan.reclaim.do}`;
}

interface Row extends Omit<VolumeFields, 'name'> {
  readonly name: string;
  /** Absent: there is no claim. */
  readonly claim?: PersistentVolumeClaimSpec;
  readonly plan: string;
}

const mine = { claimName: 'data', claimUid: 'uid-data' };
const former = { claimName: 'data', claimUid: 'uid-former' };
const provisioned = { 'pv.kubernetes.io/provisioned-by': 'csi.test' };
const rows: readonly Row[] = [
  { name: 'free', plan: 'Available' },
  { name: 'prepared', claimName: 'data', plan: 'Available' },
  { name: 'bound', ...mine, claim: { volumeName: 'pv' }, plan: 'Bound' },
  { name: 'about to be bound', ...mine, claim: {}, plan: 'wait for claim' },
  { name: 'of another volume mode', ...mine, claim: { volumeMode: 'Block' }, plan: 'mismatch' },
  { name: 'left for another', ...mine, claim: { volumeName: 'other' }, plan: 'unbind' },
  {
    name: 'left, and made for it',
    ...mine,
    claim: { volumeName: 'other' },
    annotations: provisioned,
    policy: 'Delete',
    plan: 'release, keep',
  },
  { name: 'of a claim that is gone', ...mine, plan: 'release, keep' },
  { name: 'of a former claim of that name', ...former, claim: {}, plan: 'release, keep' },
  {
    name: 'to be deleted by its driver',
    ...former,
    policy: 'Delete',
    source: { csi: { driver: 'd', volumeHandle: 'h' } },
    plan: 'release, keep',
  },
  {
    name: 'to be deleted by nobody',
    ...former,
    policy: 'Delete',
    source: { nfs: { server: 's', path: '/' } },
    plan: 'release, fail VolumeFailedDelete',
  },
  {
    name: 'a directory',
    ...former,
    policy: 'Delete',
    source: { hostPath: { path: '/data' } },
    plan: 'release, fail VolumeFailedDelete',
  },
  {
    name: 'a temporary directory',
    ...former,
    policy: 'Delete',
    source: { hostPath: { path: '/tmp/x' } },
    plan: 'release, delete',
  },
  { name: 'to be recycled', ...former, policy: 'Recycle', plan: 'release, fail VolumeFailedRecycle' },
];

describe('planVolume', () => {
  for (const { name, claim: spec, plan, ...fields } of rows) {
    it(`${name}: ${plan}`, () => {
      assert.equal(summary(planVolume(volume({ ...fields, name: 'pv' }), spec && claim(spec))), plan);
    });
  }
});

describe('a binding', () => {
  const pv = volume({ name: 'pv' });

  it('names each in the other, and says who did it', () => {
    const bound = boundVolume(pv, claim());
    assert.equal(bound.spec?.claimRef?.uid, 'uid-data');
    assert.deepEqual(bound.metadata.annotations, { [BOUND_BY_CONTROLLER]: 'yes' });
    const { metadata, spec } = boundClaim(claim(), pv);
    assert.equal(spec?.volumeName, 'pv');
    assert.deepEqual(metadata.annotations, { [BIND_COMPLETED]: 'yes', [BOUND_BY_CONTROLLER]: 'yes' });
  });

  it('changes nothing twice', () => {
    const bound = boundVolume(pv, claim());
    assert.equal(boundVolume(bound, claim()), bound);
    const done = boundClaim(claim(), pv);
    assert.equal(boundClaim(done, pv), done);
    const status = claimInPhase(done, 'Bound', pv);
    assert.deepEqual(status.status, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } });
    assert.equal(claimInPhase(status, 'Bound', pv), status);
  });

  it('is undone, but what was prepared by hand stays prepared', () => {
    const undone = unboundVolume(boundVolume(pv, claim()));
    assert.deepEqual([undone.spec?.claimRef, undone.metadata.annotations], [undefined, {}]);
    const prepared = unboundVolume(volume({ name: 'pv', ...mine }));
    assert.deepEqual(prepared.spec?.claimRef, { namespace: 'default', name: 'data' });
  });
});

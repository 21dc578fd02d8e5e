import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { allocatedTo, claim } from '../testing/devices.ts';
import { ClaimTracker } from './claim-tracker.ts';

const GPU = 'gpu.example.com/n/a';

function version(object: ResourceClaim, resourceVersion: number): ResourceClaim {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(resourceVersion) } };
}

describe('ClaimTracker', () => {
  const free = claim('c');
  const allocated = version(claim('c', [{}], { status: allocatedTo('n/a') }), 2);
  const key = { namespace: 'default', name: 'c' };

  it('knows the devices of allocated claims', () => {
    const tracker = new ClaimTracker();
    tracker.observe(free);
    assert.equal(tracker.has(GPU), false);
    tracker.observe(allocated);
    assert.equal(tracker.has(GPU), true);
    tracker.observe(version(free, 3));
    assert.equal(tracker.has(GPU), false);
    tracker.observe(version(allocated, 4));
    tracker.forget(allocated);
    assert.equal(tracker.has(GPU), false);
    assert.deepEqual(tracker.list(), []);
  });

  it('counts what is reserved until it is released', () => {
    const tracker = new ClaimTracker();
    tracker.observe(free);
    tracker.reserve(allocated);
    assert.deepEqual([tracker.has(GPU), tracker.isPending('uid-c'), tracker.get(key)], [true, true, free]);
    // The allocation has been written: for a moment it counts twice.
    tracker.observe(allocated);
    tracker.release('uid-c');
    tracker.release('uid-c');
    assert.deepEqual([tracker.has(GPU), tracker.isPending('uid-c')], [true, false]);
  });

  it('shows what was written before it is observed', () => {
    const tracker = new ClaimTracker();
    tracker.observe(free);
    tracker.assume(allocated);
    assert.equal(tracker.get(key), allocated);
    tracker.observe(version(free, 1));
    assert.equal(tracker.get(key), allocated, 'an older version changes nothing');
    const newer = version(allocated, 3);
    tracker.observe(newer);
    assert.equal(tracker.get(key), newer);
    assert.equal(tracker.has(GPU), true);
    tracker.assume(allocated);
    assert.equal(tracker.get(key), newer, 'what was written is old already');
  });

  it('replaces what was written by another claim of the same name', () => {
    const tracker = new ClaimTracker();
    tracker.assume(allocated);
    const other = { ...free, metadata: { ...free.metadata, uid: 'other' } };
    tracker.observe(other);
    assert.equal(tracker.get(key), other);
    assert.equal(tracker.has(GPU), false);
  });

  it('does not count devices that an administrator looks at', () => {
    const tracker = new ClaimTracker();
    const results = allocatedTo('n/a').allocation!.devices!.results!.map((one) => ({ ...one, adminAccess: true }));
    tracker.observe(claim('c', [{}], { status: { allocation: { devices: { results } } } }));
    assert.equal(tracker.has(GPU), false);
  });

  it('adds up what is used of shared devices', () => {
    const tracker = new ClaimTracker();
    const share = (name: string, bandwidth: string): ResourceClaim => {
      const [result] = allocatedTo('n/a').allocation!.devices!.results!;
      const shared = { ...result!, shareID: name, consumedCapacity: { bandwidth } };
      return claim(name, [{}], { status: { allocation: { devices: { results: [shared] } } } });
    };
    const used = () => tracker.capacityOf(GPU)?.get('bandwidth')?.unscaled;
    tracker.observe(share('c', '2'));
    tracker.observe(share('d', '3'));
    assert.deepEqual([used(), tracker.has(GPU)], [5n, false]);
    tracker.forget(share('c', '2'));
    assert.equal(used(), 3n);
    tracker.forget(share('d', '3'));
    assert.equal(tracker.capacityOf(GPU), undefined);
  });
});

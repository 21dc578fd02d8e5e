import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { EndpointSlice } from '@kts/api/types/discovery-v1';

import { SliceTracker } from './slice-tracker.ts';

const SERVICE = { namespace: 'default', name: 'web' };
const slice = (uid: string, generation: number): EndpointSlice => ({
  metadata: {
    name: uid,
    namespace: 'default',
    uid,
    generation,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  addressType: 'IPv4',
  endpoints: [],
});

describe('SliceTracker', () => {
  it('is behind until the cache has what was written', () => {
    const tracker = new SliceTracker();
    assert.equal(tracker.isBehind(SERVICE, []), false);
    tracker.wrote(SERVICE, slice('a', 2));
    assert.equal(tracker.isBehind(SERVICE, []), true);
    assert.equal(tracker.isBehind(SERVICE, [slice('a', 1)]), true);
    assert.equal(tracker.isBehind(SERVICE, [slice('a', 2)]), false);
    assert.equal(tracker.isBehind({ ...SERVICE, name: 'other' }, []), false);
  });

  it('is behind until the cache has lost what was deleted', () => {
    const tracker = new SliceTracker();
    tracker.deleted(slice('a', 1));
    assert.equal(tracker.isBehind(SERVICE, [slice('a', 1)]), true);
    assert.equal(tracker.forget(slice('a', 1)), true);
    assert.equal(tracker.isBehind(SERVICE, []), false);
  });

  it('tells its own writes and deletions from those of others', () => {
    const tracker = new SliceTracker();
    tracker.wrote(SERVICE, slice('a', 2));
    assert.deepEqual([tracker.isOwnWrite(slice('a', 2)), tracker.isOwnWrite(slice('a', 3))], [true, false]);
    assert.equal(tracker.forget(slice('a', 2)), false);
    assert.equal(tracker.isBehind(SERVICE, []), false);
  });
});

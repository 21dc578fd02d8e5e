import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { jobs } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';
import { job, NOW } from '../job/testing/job-objects.ts';
import { remainingMs } from './ttl-after-finished-controller.ts';

const COMPLETE = { type: 'Complete', status: 'True', lastTransitionTime: '2026-01-01T12:00:00Z' };

describe('the time that an ended job has left', () => {
  for (const [name, ttl, conditions, left] of [
    ['runs', 10, [], undefined],
    ['has no limit', undefined, [COMPLETE], undefined],
    ['has just ended', 10, [COMPLETE], 10_000],
    ['has failed', 0, [{ ...COMPLETE, type: 'Failed' }], 0],
    ['is suspended', 10, [{ ...COMPLETE, type: 'Suspended' }], undefined],
  ] as const) {
    it(`one that ${name}: ${left}`, () => {
      const spec = ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl };
      assert.equal(remainingMs(job(spec, { conditions }), NOW), left);
    });
  }
});

describe('the TTL-after-finished controller', () => {
  it('deletes an ended job when its time has come', async () => {
    await using cluster = await startControllers(['job-controller', 'ttl-after-finished-controller']);
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work:1' }] } } as const;
    const metadata = { name: 'work', namespace: 'default' };
    await cluster.client.create(jobs, { metadata, spec: { template, completions: 0, ttlSecondsAfterFinished: 60 } });
    await cluster.clock.advance(30_000);
    assert.equal((await cluster.client.get(jobs, metadata)).metadata.deletionTimestamp, undefined);
    await cluster.clock.advance(40_000);
    // It goes when the garbage collector, which does not run here, has removed what it owns.
    assert.notEqual((await cluster.client.get(jobs, metadata)).metadata.deletionTimestamp, undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { JobSpec, JobStatus } from '@kts/api/types/batch-v1';
import { formatTime } from '@kts/base';

import { concludeWork, planJob } from './plan-job.ts';
import { job, jobPod, NOW, observed } from './testing/job-objects.ts';
import { endJob, settleUncounted, trackPods, type Tracking } from './track-pods.ts';

const START = formatTime(NOW);

function track(spec: Partial<JobSpec>, pods: readonly ReturnType<typeof jobPod>[], status?: JobStatus): Tracking {
  const seen = observed({ job: job(spec, status), pods });
  const plan = planJob(seen);
  const deleted = plan.work.do === 'end' ? plan.work.pods : [];
  return trackPods(seen, plan, concludeWork(seen, plan, { deleted, created: 0 }));
}

describe('trackPods', () => {
  it('names a pod in the status before it lets it go', () => {
    const { status, removeFinalizers, isChanged } = track({ completions: 2 }, [
      jobPod({ name: 'a', phase: 'Succeeded' }),
    ]);
    assert.deepEqual(status.uncountedTerminatedPods, { succeeded: ['uid-a'] });
    assert.equal(status.succeeded, undefined);
    assert.deepEqual(
      removeFinalizers.map(({ metadata }) => metadata.name),
      ['a'],
    );
    assert.equal(isChanged, true);
  });

  it('counts it once its finalizer is gone', () => {
    const before = { startTime: START, uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } };
    const { status, isChanged } = settleUncounted(before, new Set(['uid-b']));
    assert.deepEqual(status, {
      startTime: START,
      succeeded: 1,
      failed: 0,
      uncountedTerminatedPods: { failed: ['uid-b'] },
    });
    assert.equal(isChanged, true);
  });

  it('keeps the indexes of an Indexed job instead', () => {
    const pods = [
      jobPod({ name: 'a', phase: 'Succeeded', index: 1 }),
      jobPod({ name: 'b', phase: 'Failed', index: 0 }),
    ];
    const { status } = track({ completionMode: 'Indexed', completions: 3, parallelism: 3 }, pods);
    assert.equal(status.completedIndexes, '1');
    assert.equal(status.succeeded, 1);
    assert.deepEqual(status.uncountedTerminatedPods, { failed: ['uid-b'] });
  });

  it('keeps a failed pod while its index waits', () => {
    const pods = [jobPod({ name: 'a', phase: 'Failed', index: 0, endedAgo: 0 })];
    const spec = { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 3 } as const;
    assert.deepEqual(track(spec, pods).removeFinalizers, []);
  });

  it('announces a failure, with all its pods failed', () => {
    const pods = [jobPod({ name: 'a', phase: 'Failed' }), jobPod({ name: 'b' })];
    const { status, end } = track({ backoffLimit: 0, parallelism: 2 }, pods);
    assert.deepEqual(
      status.conditions?.map(({ type, reason }) => [type, reason]),
      [['FailureTarget', 'BackoffLimitExceeded']],
    );
    assert.deepEqual(status.uncountedTerminatedPods, { failed: ['uid-a', 'uid-b'] });
    assert.equal(end?.type, 'Failed');
  });
});

describe('endJob', () => {
  const { end } = track({}, [jobPod({ name: 'a', phase: 'Succeeded' })]);

  it('ends the job when all is counted', () => {
    const status = endJob({ startTime: START, succeeded: 1 }, end, 0, NOW);
    assert.equal(status?.completionTime, START);
    assert.equal(status?.conditions?.at(-1)?.type, 'Complete');
  });

  it('does not while a pod is being deleted or not counted', () => {
    assert.equal(endJob({ succeeded: 1 }, end, 1, NOW), undefined);
    assert.equal(endJob({ uncountedTerminatedPods: { succeeded: ['uid-a'] } }, end, 0, NOW), undefined);
  });
});

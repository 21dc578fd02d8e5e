import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { JobSpec } from '@kts/api/types/batch-v1';
import { formatTime } from '@kts/base';
import fc from 'fast-check';

import { concludeWork, planJob, type Work } from './plan-job.ts';
import { job, jobPod, NOW, observed, type JobPodFields } from './testing/job-objects.ts';

const indexed = (spec: Partial<JobSpec>): Partial<JobSpec> => ({ completionMode: 'Indexed', ...spec });
const podsOf = (...fields: readonly Omit<JobPodFields, 'name'>[]) =>
  fields.map((each, position) => jobPod({ name: `pod-${position}`, ...each }));

/** Pods by name, creations by index or `*`. */
function summary(work: Work): string {
  switch (work.do) {
    case 'create':
      return `create ${work.indexes.map((index) => index ?? '*').join(' ')}`;
    case 'delete':
    case 'end':
      return `${work.do} ${work.pods.map(({ metadata }) => metadata.name).join(' ')}`.trim();
    case 'wait':
      return `wait ${work.ms}`;
    case 'keep':
    case 'nothing':
      return work.do;
  }
}

interface Row {
  readonly name: string;
  readonly spec?: Partial<JobSpec>;
  readonly pods?: readonly Omit<JobPodFields, 'name'>[];
  readonly status?: object;
  readonly isSettled?: boolean;
  readonly work: string;
}

const rows: readonly Row[] = [
  { name: 'a new job', work: 'create *' },
  { name: 'parallel pods', spec: { completions: 5, parallelism: 3 }, work: 'create * * *' },
  { name: 'no more than are missing', spec: { completions: 2, parallelism: 3 }, work: 'create * *' },
  { name: 'a work queue', spec: { completions: undefined!, parallelism: 2 }, work: 'create * *' },
  { name: 'caches that are behind', isSettled: false, work: 'nothing' },
  { name: 'enough pods', pods: [{}], work: 'keep' },
  { name: 'too many pods', pods: [{ isReady: true }, {}], work: 'delete pod-1' },
  { name: 'a suspended job', spec: { suspend: true }, pods: [{}], work: 'delete pod-0' },
  { name: 'a failure waits', pods: [{ phase: 'Failed', endedAgo: 4000 }], work: 'wait 6000' },
  { name: 'a failure is replaced', pods: [{ phase: 'Failed', endedAgo: 10_000 }], work: 'create *' },
  { name: 'a pod on its way out', pods: [{ isDeleted: true, endedAgo: 60_000 }], work: 'create *' },
  {
    name: 'a pod on its way out, replaced once failed',
    spec: { podReplacementPolicy: 'Failed' },
    pods: [{ isDeleted: true }],
    work: 'keep',
  },
  { name: 'indexes', spec: indexed({ completions: 4, parallelism: 3 }), work: 'create 0 1 2' },
  {
    name: 'indexes that are missing',
    spec: indexed({ completions: 4, parallelism: 4 }),
    pods: [{ index: 1 }, { index: 2, phase: 'Succeeded' }],
    work: 'create 0 3',
  },
  {
    name: 'one index twice',
    spec: indexed({ completions: 2, parallelism: 2 }),
    pods: [{ index: 0, isReady: true }, { index: 0 }],
    work: 'delete pod-1',
  },
  {
    name: 'one failed index does not hold up the others',
    spec: indexed({ completions: 2, parallelism: 2, backoffLimitPerIndex: 1 }),
    pods: [{ index: 0, phase: 'Failed', endedAgo: 1000, failures: 0 }],
    work: 'create 1',
  },
  { name: 'the limit', spec: { backoffLimit: 0 }, pods: [{ phase: 'Failed' }, {}], work: 'end pod-1' },
];

describe('planJob', () => {
  for (const { name, spec = {}, pods = [], status, isSettled = true, work } of rows) {
    it(`${name}: ${work}`, () => {
      const seen = observed({
        job: job(spec, status ?? { startTime: formatTime(NOW) }),
        pods: podsOf(...pods),
        isSettled,
      });
      assert.equal(summary(planJob(seen).work), work);
    });
  }

  it('never lets more pods run than are wanted', () => {
    const phase = fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed');
    const phases = fc.array(phase, { maxLength: 12 });
    fc.assert(
      fc.property(
        phases,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 8 }),
        (all, parallelism, completions) => {
          const seen = observed({
            job: job({ parallelism, completions, backoffLimit: 100 }),
            pods: podsOf(...all.map((each) => ({ phase: each, endedAgo: 3_600_000 }))),
          });
          const { work, tally } = planJob(seen);
          const created = work.do === 'create' ? work.indexes.length : 0;
          const deleted = work.do === 'delete' ? work.pods.length : 0;
          assert.ok(tally.activePods.length - deleted + created <= parallelism);
          assert.ok(
            tally.succeeded + tally.activePods.length - deleted + created <= Math.max(completions, tally.succeeded),
          );
        },
      ),
    );
  });
});

interface VerdictRow {
  readonly name: string;
  readonly spec: Partial<JobSpec>;
  readonly pods: readonly Omit<JobPodFields, 'name'>[];
  readonly startedAgo?: number;
  readonly verdict: string | undefined;
}

const failed = { phase: 'Failed', exitCode: 42 } as const;
const rule = { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } } as const;
const perIndex = indexed({ completions: 2, parallelism: 2, backoffLimitPerIndex: 0 });
const verdicts: readonly VerdictRow[] = [
  { name: 'below the limit', spec: { backoffLimit: 1 }, pods: [failed], verdict: undefined },
  {
    name: 'past the limit',
    spec: { backoffLimit: 1 },
    pods: [failed, failed],
    verdict: 'FailureTarget BackoffLimitExceeded',
  },
  { name: 'in time', spec: { activeDeadlineSeconds: 9 }, pods: [], startedAgo: 8000, verdict: undefined },
  {
    name: 'too late',
    spec: { activeDeadlineSeconds: 9 },
    pods: [],
    startedAgo: 9000,
    verdict: 'FailureTarget DeadlineExceeded',
  },
  {
    name: 'a rule',
    spec: { podFailurePolicy: { rules: [rule] } },
    pods: [failed],
    verdict: 'FailureTarget PodFailurePolicy',
  },
  {
    name: 'an ignored failure',
    spec: { backoffLimit: 0, podFailurePolicy: { rules: [{ ...rule, action: 'Ignore' }] } },
    pods: [failed],
    verdict: undefined,
  },
  {
    name: 'too many restarts',
    spec: { backoffLimit: 2, template: { spec: { containers: [], restartPolicy: 'OnFailure' } } },
    pods: [{ restarts: 2 }],
    verdict: 'FailureTarget BackoffLimitExceeded',
  },
  { name: 'one index left', spec: perIndex, pods: [{ ...failed, index: 0 }], verdict: undefined },
  {
    name: 'all indexes ended, one failed',
    spec: perIndex,
    pods: [
      { ...failed, index: 0 },
      { phase: 'Succeeded', index: 1 },
    ],
    verdict: 'FailureTarget FailedIndexes',
  },
  {
    name: 'too many failed indexes',
    spec: { ...perIndex, completions: 5, maxFailedIndexes: 0 },
    pods: [{ ...failed, index: 0 }],
    verdict: 'FailureTarget MaxFailedIndexesExceeded',
  },
  {
    name: 'enough successes',
    spec: indexed({ completions: 5, successPolicy: { rules: [{ succeededCount: 1 }] } }),
    pods: [{ phase: 'Succeeded', index: 3 }],
    verdict: 'SuccessCriteriaMet SuccessPolicy',
  },
];

describe('the verdict on a job', () => {
  for (const { name, spec, pods, startedAgo = 0, verdict } of verdicts) {
    it(`${name}: ${verdict ?? 'goes on'}`, () => {
      const seen = observed({ job: job(spec, { startTime: formatTime(NOW - startedAgo) }), pods: podsOf(...pods) });
      const plan = planJob(seen);
      assert.equal(plan.verdict && `${plan.verdict.type} ${plan.verdict.reason}`, verdict);
    });
  }

  it('waits until everything has been deleted', () => {
    const seen = observed({ job: job({ backoffLimit: 0 }), pods: podsOf({ phase: 'Failed' }, {}) });
    const plan = planJob(seen);
    assert.equal(concludeWork(seen, plan, { deleted: [], created: 0 }).verdict, undefined);
    assert.equal(concludeWork(seen, plan, { deleted: [seen.pods[1]!], created: 0 }).verdict, plan.verdict);
  });
});

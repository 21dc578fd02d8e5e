import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { CronJob, CronJobSpec, Job } from '@kts/api/types/batch-v1';
import type { ObjectReference } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { jobNameAt, planJobs, planStart } from './plan-cronjob.ts';
import { mailTime, zonedTimeText } from './schedule-time-text.ts';

const NOON = parseTime('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

interface Fields {
  /** Minutes before noon. */
  readonly createdAgo?: number;
  readonly lastAgo?: number;
  readonly active?: readonly string[];
  readonly spec?: Partial<CronJobSpec>;
}

const reference = (name: string): ObjectReference => ({ name, namespace: 'default', uid: `uid-${name}` });

function cronJob({ createdAgo = 60, lastAgo, active = [], spec = {} }: Fields): CronJob {
  return {
    metadata: {
      name: 'nightly',
      namespace: 'default',
      uid: 'uid-nightly',
      resourceVersion: '1',
      creationTimestamp: formatTime(NOON - createdAgo * MINUTE),
    },
    spec: { schedule: '0 * * * *', concurrencyPolicy: 'Allow', jobTemplate: {}, ...spec },
    status: {
      active: active.map(reference),
      ...(lastAgo === undefined ? {} : { lastScheduleTime: formatTime(NOON - lastAgo * MINUTE) }),
    },
  };
}

function job(name: string, end?: 'Complete' | 'Failed', endedAgo = 0): Job {
  const time = formatTime(NOON - endedAgo * MINUTE);
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: time },
    spec: { template: {} },
    status: {
      startTime: time,
      ...(end ? { conditions: [{ type: end, status: 'True' }] } : {}),
      ...(end === 'Complete' ? { completionTime: time } : {}),
    },
  };
}

interface Row extends Fields {
  readonly name: string;
  /** Seconds after noon. */
  readonly at?: number;
  /** What is done, the wait in seconds, and what is told. */
  readonly outcome: string;
}

const rows: readonly Row[] = [
  { name: 'due', outcome: 'start, 3600.1' },
  { name: 'not due', createdAgo: -5, at: 400, outcome: 'nothing, 3200.1' },
  { name: 'started already', lastAgo: 0, at: 1, outcome: 'nothing, 3599.1' },
  { name: 'suspended', spec: { suspend: true }, outcome: 'nothing' },
  { name: 'an unknown zone', spec: { timeZone: 'Mars/Base' }, outcome: 'nothing UnknownTimeZone' },
  { name: 'an unreadable schedule', spec: { schedule: 'often' }, outcome: 'nothing UnparseableSchedule' },
  { name: 'a day that never comes', spec: { schedule: '0 0 31 2 *' }, outcome: 'nothing InvalidSchedule' },
  {
    name: 'a zone in the schedule',
    spec: { schedule: 'TZ=UTC 0 * * * *' },
    outcome: 'start, 3600.1 UnsupportedSchedule',
  },
  {
    name: 'another zone',
    createdAgo: 90,
    spec: { schedule: '30 17 * * *', timeZone: 'Asia/Kolkata' },
    outcome: 'start, 86400.1',
  },
  { name: 'too late', at: 100, spec: { startingDeadlineSeconds: 60 }, outcome: 'nothing, 3500.1' },
  { name: 'just in time', at: 50, spec: { startingDeadlineSeconds: 60 }, outcome: 'start, 3550.1' },
  {
    name: 'one runs',
    active: ['a'],
    spec: { concurrencyPolicy: 'Forbid' },
    outcome: 'nothing, 3600.1 JobAlreadyActive',
  },
  {
    name: 'one runs and is replaced',
    active: ['a'],
    spec: { concurrencyPolicy: 'Replace' },
    outcome: 'start -a, 3600.1',
  },
  { name: 'many missed', lastAgo: 60 * 200, outcome: 'start, 3600.1 TooManyMissedTimes' },
];

describe('planStart', () => {
  for (const { name, at = 0, outcome, ...fields } of rows) {
    it(`${name}: ${outcome}`, () => {
      const seen = { cronJob: cronJob(fields), jobs: [], now: NOON + at * 1000 };
      const plan = planStart(seen, seen.cronJob.status?.active ?? []);
      const replaced = plan.do === 'start' ? plan.replace.map((each) => ` -${each.name}`).join('') : '';
      const wait = plan.nextMs === undefined ? '' : `, ${plan.nextMs / 1000}`;
      const told = plan.tell.map(({ reason }) => ` ${reason}`).join('');
      assert.equal(`${plan.do}${replaced}${wait}${told}`, outcome);
    });
  }

  it('names jobs by the minute', () => {
    assert.equal(jobNameAt(cronJob({}), NOON), `nightly-${NOON / MINUTE}`);
  });
});

describe('planJobs', () => {
  it('notes what has ended, and looks for what is not to be seen', () => {
    const jobs = [job('a', 'Complete', 5), job('b', 'Complete', 3), job('c')];
    const plan = planJobs({ cronJob: cronJob({ active: ['a', 'c', 'd'] }), jobs, now: NOON });
    assert.deepEqual(
      plan.active.map(({ name }) => name),
      ['c', 'd'],
    );
    assert.deepEqual(
      plan.unseen.map(({ name }) => name),
      ['d'],
    );
    assert.equal(plan.lastSuccessfulTime, '2026-01-01T11:57:00Z');
    assert.deepEqual(
      plan.tell.map(({ message }) => message),
      ['Saw completed job: a, condition: Complete'],
    );
  });

  it('clears away the oldest of each kind', () => {
    const jobs = [job('a', 'Complete', 1), job('b', 'Complete', 2), job('c', 'Failed', 3), job('d', 'Failed', 4)];
    const spec = { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 };
    assert.deepEqual(
      planJobs({ cronJob: cronJob({ spec }), jobs, now: NOON }).surplus.map((each) => each.job.metadata.name),
      ['b', 'd', 'c'],
    );
  });

  it('says nothing of one that is cleared away as soon as it has ended', () => {
    const spec = { successfulJobsHistoryLimit: 0 };
    const plan = planJobs({ cronJob: cronJob({ spec, active: ['a'] }), jobs: [job('a', 'Complete')], now: NOON });
    assert.deepEqual(plan.tell, []);
    assert.equal(plan.surplus[0]?.ifKept[0]?.reason, 'SawCompletedJob');
  });

  it('tells of a job that it did not start', () => {
    const [told] = planJobs({ cronJob: cronJob({}), jobs: [job('x')], now: NOON }).tell;
    assert.equal(told?.message, 'Saw a job that the controller did not create or forgot: x');
  });
});

describe('scheduled times', () => {
  it('are written for mails', () => assert.equal(mailTime(NOON), 'Thu, 01 Jan 2026 12:00:00 +0000'));
  for (const [zone, text] of [
    ['UTC', '2026-01-01T12:00:00Z'],
    ['Asia/Kolkata', '2026-01-01T17:30:00+05:30'],
    ['America/New_York', '2026-01-01T07:00:00-05:00'],
  ] as const) {
    it(`are written in ${zone}`, () => assert.equal(zonedTimeText(NOON, zone), text));
  }
});

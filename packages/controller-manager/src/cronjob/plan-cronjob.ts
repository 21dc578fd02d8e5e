/**
 * What a CronJob needs: old Jobs to clear away, ended ones to note, and perhaps a new one. Pure.
 *
 * Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go (v1.36)
 */
import { CronScheduleError, parseCronSchedule, zonedFields, type CronSchedule } from '@kts/api';
import type { CronJob, CronJobStatus, Job } from '@kts/api/types/batch-v1';
import type { ObjectReference } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { isJobFinished, jobCondition } from '../job/job-spec.ts';
import { CronTimesError, dueTime, nextDueMs } from './cron-times.ts';
import { mailTime } from './schedule-time-text.ts';

export interface Observed {
  readonly cronJob: CronJob;
  /** Its Jobs. */
  readonly jobs: readonly Job[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface JobsPlan {
  /** More than the history keeps, the oldest first; and what is to be told of those that cannot be deleted. */
  readonly surplus: readonly { readonly job: Job; readonly ifKept: readonly Told[] }[];
  /** Active by the status, but not to be seen: gone, or the cache is behind. */
  readonly unseen: readonly ObjectReference[];
  readonly active: readonly ObjectReference[];
  readonly lastSuccessfulTime: string | undefined;
  readonly tell: readonly Told[];
}

export type StartPlan = { readonly tell: readonly Told[]; readonly nextMs?: number } & (
  | { readonly do: 'nothing' }
  | { readonly do: 'start'; readonly at: number; readonly replace: readonly ObjectReference[] }
);

export function planJobs({ cronJob, jobs }: Observed): JobsPlan {
  const { status } = cronJob;
  const listed = new Set(status?.active?.map(({ uid }) => uid));
  const surplus = surplusJobs(cronJob, jobs);
  const tell: Told[] = [];
  const ended = new Set<string>();
  let { lastSuccessfulTime } = status ?? {};
  for (const job of jobs) {
    const { name, uid } = job.metadata;
    if (!isJobFinished(job)) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`;
      if (!listed.has(uid)) tell.push({ type: 'Warning', reason: 'UnexpectedJob', message });
      continue;
    }
    if (listed.has(uid)) {
      ended.add(uid);
      if (!surplus.includes(job)) tell.push(completed(job));
    }
    lastSuccessfulTime = laterTime(
      lastSuccessfulTime,
      endOf(job) === 'Complete' ? job.status?.completionTime : undefined,
    );
  }
  const seen = new Set(jobs.map(({ metadata }) => metadata.uid));
  const active = (status?.active ?? []).filter(({ uid }) => !ended.has(uid ?? ''));
  return {
    surplus: surplus.map((job) => ({ job, ifKept: ended.has(job.metadata.uid) ? [completed(job)] : [] })),
    unseen: active.filter(({ uid }) => !seen.has(uid ?? '')),
    active,
    lastSuccessfulTime,
    tell,
  };
}

/** @param active the Jobs that run, after those that have ended or gone */
export function planStart({ cronJob, now }: Observed, active: readonly ObjectReference[]): StartPlan {
  const { spec, metadata, status } = cronJob;
  const nothing = (...tell: readonly Told[]): StartPlan => ({ do: 'nothing', tell });
  if (metadata.deletionTimestamp !== undefined) return nothing();
  if (spec.timeZone !== undefined && !zonedFields(now, spec.timeZone)) {
    const problem = `unknown time zone ${spec.timeZone}`;
    return nothing(warning('UnknownTimeZone', `invalid timeZone: ${JSON.stringify(spec.timeZone)}: ${problem}`));
  }
  if (spec.suspend) return nothing();
  const read = readSchedule(spec.schedule);
  if ('reason' in read) return nothing(read);
  const { schedule, tell } = read;
  let due;
  try {
    due = dueTime(cronJob, schedule, now);
  } catch (error) {
    if (!(error instanceof CronTimesError)) throw error;
    return nothing(...tell, warning('InvalidSchedule', `invalid schedule: ${spec.schedule} : ${error.message}`));
  }
  const nextMs = nextDueMs(cronJob, schedule, now);
  const wait = (...more: readonly Told[]): StartPlan => ({ do: 'nothing', tell: [...tell, ...more], nextMs });
  const { at } = due;
  if (at === undefined) return wait();
  const tooMany = due.tooMany ? [warning('TooManyMissedTimes', TOO_MANY)] : [];
  if (at + (spec.startingDeadlineSeconds ?? Infinity) * 1000 < now) {
    return wait(...tooMany, warning('MissSchedule', `Missed scheduled time to start a job: ${mailTime(at)}`));
  }
  const isStarted = active.some(({ name }) => name === jobNameAt(cronJob, at));
  const isLast = status?.lastScheduleTime !== undefined && parseTime(status.lastScheduleTime) === at;
  if (isStarted || isLast) return wait(...tooMany);
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    return wait(...tooMany, { type: 'Normal', reason: 'JobAlreadyActive', message: FORBIDDEN });
  }
  const replace = spec.concurrencyPolicy === 'Replace' ? active : [];
  return {
    do: 'start',
    at,
    replace,
    tell: [...tell, ...tooMany],
    nextMs: nextDueMs(startedAt(cronJob, at), schedule, now),
  };
}

export function jobNameAt({ metadata }: CronJob, at: number): string {
  return `${metadata.name}-${Math.floor(at / 60_000)}`;
}

export function statusWith(
  { status }: CronJob,
  active: readonly ObjectReference[],
  lastSuccessfulTime: string | undefined,
  lastScheduleTime: string | undefined,
): CronJobStatus {
  const { active: _before, ...rest } = status ?? {};
  return {
    ...rest,
    ...(active.length > 0 ? { active } : {}),
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
  };
}

const TOO_MANY = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
const FORBIDDEN = 'Not starting job because prior execution is running and concurrency policy is Forbid';

/** Once started, the time counts as the last. */
function startedAt(cronJob: CronJob, at: number): CronJob {
  return { ...cronJob, status: { ...cronJob.status, lastScheduleTime: formatTime(at) } };
}

function readSchedule(text: string): { readonly schedule: CronSchedule; readonly tell: readonly Told[] } | Told {
  const unsupported =
    `CRON_TZ or TZ used in schedule ${JSON.stringify(text)} is not officially supported, ` +
    'see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';
  try {
    const schedule = parseCronSchedule(text);
    return { schedule, tell: text.includes('TZ') ? [warning('UnsupportedSchedule', unsupported)] : [] };
  } catch (error) {
    if (!(error instanceof CronScheduleError)) throw error;
    return warning('UnparseableSchedule', `unparseable schedule: ${JSON.stringify(text)} : ${error.message}`);
  }
}

function surplusJobs({ spec }: CronJob, jobs: readonly Job[]): readonly Job[] {
  const surplus = (end: string, limit: number | undefined): readonly Job[] => {
    const ended = jobs.filter((job) => endOf(job) === end).toSorted(compareStarts);
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...surplus('Complete', spec.successfulJobsHistoryLimit), ...surplus('Failed', spec.failedJobsHistoryLimit)];
}

/** The oldest first; those that never started last. */
function compareStarts(a: Job, b: Job): number {
  const start = ({ status }: Job): number => (status?.startTime ? parseTime(status.startTime) : Infinity);
  const [startA, startB] = [start(a), start(b)];
  if (startA === startB) return a.metadata.name < b.metadata.name ? -1 : 1;
  return startA - startB;
}

function endOf(job: Job): 'Complete' | 'Failed' | undefined {
  if (jobCondition(job, 'Complete')?.status === 'True') return 'Complete';
  return jobCondition(job, 'Failed')?.status === 'True' ? 'Failed' : undefined;
}

function laterTime(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return parseTime(b) > parseTime(a) ? b : a;
}

function completed(job: Job): Told {
  const message = `Saw completed job: ${job.metadata.name}, condition: ${endOf(job)}`;
  return { type: 'Normal', reason: 'SawCompletedJob', message };
}

function warning(reason: string, message: string): Told {
  return { type: 'Warning', reason, message };
}

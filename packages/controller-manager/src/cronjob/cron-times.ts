/**
 * When a CronJob is due: which scheduled time was missed last, and when the next one is. Pure.
 *
 * Mirrors: mostRecentScheduleTime, nextScheduleTimeDuration in pkg/controller/cronjob/utils.go (v1.36)
 */
import type { CronSchedule } from '@kts/api';
import type { CronJob } from '@kts/api/types/batch-v1';
import { parseTime } from '@kts/apimachinery';

/** Added to every wait, so that a clock that is slightly behind does not wake up too early. */
const DELTA_MS = 100;
const MANY = 100;

export interface Due {
  /** The last scheduled time that has passed and was not started; undefined: none. */
  readonly at: number | undefined;
  /** There were so many that something must be wrong. */
  readonly tooMany: boolean;
}

/** The schedule never comes true, or twice at the same time. */
export class CronTimesError extends Error {
  override readonly name = 'CronTimesError';
}

/** @throws CronTimesError */
export function dueTime(cronJob: CronJob, schedule: CronSchedule, now: number): Due {
  const { at, missed } = lastDue(cronJob, schedule, now, deadlineOf(cronJob, now));
  return { at, tooMany: missed > MANY };
}

/** Milliseconds until the next scheduled time. */
export function nextDueMs(cronJob: CronJob, schedule: CronSchedule, now: number): number {
  const next = schedule.next(lastKnown(cronJob, schedule, now), cronJob.spec.timeZone) ?? now;
  return next + DELTA_MS - now;
}

function lastKnown(cronJob: CronJob, schedule: CronSchedule, now: number): number {
  try {
    const { earliest, at, missed } = lastDue(cronJob, schedule, now, undefined);
    return at ?? (missed === 0 ? earliest : now);
  } catch (error) {
    if (error instanceof CronTimesError) return now;
    throw error;
  }
}

interface LastDue {
  /** From when on scheduled times count. */
  readonly earliest: number;
  readonly at: number | undefined;
  readonly missed: number;
}

/** Steps over long gaps by arithmetic: a clock that was set wrong must not cost millions of steps. */
function lastDue(cronJob: CronJob, schedule: CronSchedule, now: number, notBefore: number | undefined): LastDue {
  const { metadata, spec, status } = cronJob;
  const last = parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const earliest = Math.max(last, notBefore ?? last);
  const next = (after: number): number | undefined => schedule.next(after, spec.timeZone);
  const first = next(earliest);
  if (first !== undefined && now < first) return { earliest, at: undefined, missed: 0 };
  const second = first === undefined ? undefined : next(first);
  if (first !== undefined && second !== undefined && now < second) return { earliest, at: first, missed: 0 };
  const between = first === undefined || second === undefined ? 0 : Math.round((second - first) / 1000);
  if (first === undefined || between < 1) {
    throw new CronTimesError('time difference between two schedules is less than 1 second');
  }
  const missed = Math.trunc(Math.trunc((now - first) / 1000) / between) + 1;
  let at: number | undefined;
  for (let time = next(first + (missed - 2) * between * 1000); time !== undefined && time <= now; time = next(time)) {
    at = time;
  }
  return { earliest, at, missed };
}

function deadlineOf({ spec }: CronJob, now: number): number | undefined {
  return spec.startingDeadlineSeconds === undefined ? undefined : now - spec.startingDeadlineSeconds * 1000;
}

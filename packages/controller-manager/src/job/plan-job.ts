/**
 * What a Job needs next: pods to create or to delete, or its end. Pure.
 *
 * Mirrors: syncJob and manageJob in pkg/controller/job/job_controller.go (v1.36)
 */
import type { JobCondition } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';

import { isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { podsToRemove } from './active-pod-order.ts';
import { indexesOf } from './completion-index.ts';
import { backoffRemainingMs, indexBackoffRemainingMs } from './job-backoff.ts';
import { newJobCondition, withJobCondition } from './job-conditions.ts';
import { firstMissingIndexes, unionOfIntervals, withIndexes } from './job-indexes.ts';
import { isIndexed, isSuspended, replacesFailedOnly } from './job-spec.ts';
import { completion, deadlineMs, judgeJob } from './judge-job.ts';
import { tallyPods, type Observed, type Tally } from './tally-pods.ts';

/** Pods created or deleted in one go. */
const PODS_PER_SYNC_MAX = 500;
/** Pods' changes are gathered that long. */
export const GATHER_MS = 1000;

export type Work =
  /** The caches are behind, or the Job is being deleted. */
  | { readonly do: 'nothing' }
  | { readonly do: 'end'; readonly pods: readonly Pod[] }
  | { readonly do: 'delete'; readonly pods: readonly Pod[] }
  /** One pod for each index, of which a Job that is not Indexed has none. */
  | { readonly do: 'create'; readonly indexes: readonly (number | undefined)[] }
  | { readonly do: 'keep' }
  /** Pods failed; others may take their places after that time. */
  | { readonly do: 'wait'; readonly ms: number };

export interface JobPlan {
  readonly tally: Tally;
  readonly verdict: JobCondition | undefined;
  readonly work: Work;
  readonly requeueAfterMs: number | undefined;
}

/** What became of the work. */
export interface WorkOutcome {
  readonly deleted: readonly Pod[];
  readonly created: number;
}

export interface Conclusion {
  readonly active: number;
  readonly ready: number;
  readonly terminating: number;
  /** As in the plan, unless the work was not done; or the Job is complete. */
  readonly verdict: JobCondition | undefined;
  /** The Job has just been suspended, or resumed. */
  readonly turn: 'Suspended' | 'Resumed' | undefined;
}

export function planJob(observed: Observed): JobPlan {
  const tally = tallyPods(observed);
  const verdict = judgeJob(observed, tally);
  const work = verdict ? ({ do: 'end', pods: tally.activePods } as const) : planWork(observed, tally);
  const waits = [
    work.do === 'wait' ? Math.max(GATHER_MS, work.ms) : undefined,
    verdict ? undefined : deadlineMs(observed),
  ].filter((ms) => ms !== undefined);
  return { tally, verdict, work, requeueAfterMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

export function concludeWork(observed: Observed, plan: JobPlan, outcome: WorkOutcome): Conclusion {
  const { job, now } = observed;
  const { tally, work } = plan;
  const { deleted, created } = outcome;
  // While a Job waits for its back-off, upstream reports none of its pods as active.
  const active = work.do === 'wait' ? 0 : tally.activePods.length - deleted.length + created;
  const counts = {
    active,
    ready: tally.ready - deleted.filter(isPodReady).length,
    terminating: tally.terminating + deleted.length,
  };
  if (plan.verdict) {
    const done = observed.isSettled && deleted.length === tally.activePods.length;
    return { ...counts, verdict: done ? plan.verdict : undefined, turn: undefined };
  }
  const { completions } = job.spec;
  const isEnough = completions === undefined ? tally.succeeded > 0 : tally.succeeded >= completions;
  if (isEnough && active === 0) return { ...counts, verdict: completion(now), turn: undefined };
  if (work.do === 'nothing') return { ...counts, verdict: undefined, turn: undefined };
  const before = job.status?.conditions ?? [];
  const turned = withJobCondition(before, suspensionCondition(observed)) !== before;
  return { ...counts, verdict: undefined, turn: turned ? (isSuspended(job) ? 'Suspended' : 'Resumed') : undefined };
}

export function suspensionCondition({ job, now }: Observed): JobCondition {
  return isSuspended(job)
    ? newJobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)
    : newJobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now);
}

function planWork(observed: Observed, tally: Tally): Work {
  const { job, isSettled } = observed;
  if (!isSettled || job.metadata.deletionTimestamp !== undefined) return { do: 'nothing' };
  const active = tally.activePods.length;
  if (isSuspended(job)) return { do: 'delete', pods: podsToRemove(job, tally.activePods, active) };
  const wanted = wantedPods(observed, tally);
  const surplus = podsToRemove(job, tally.activePods, Math.max(0, active - wanted)).slice(0, PODS_PER_SYNC_MAX);
  if (surplus.length > 0) return { do: 'delete', pods: surplus };
  const missing = wanted - active - (replacesFailedOnly(job) ? tally.terminating : 0);
  return missing > 0 ? planCreation(observed, tally, Math.min(missing, PODS_PER_SYNC_MAX)) : { do: 'keep' };
}

function wantedPods({ job }: Observed, tally: Tally): number {
  const { completions, parallelism = 1 } = job.spec;
  // Without a number of completions, the first success means that no more pods are needed.
  if (completions === undefined) return tally.succeeded > 0 ? tally.activePods.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - tally.succeeded));
}

function planCreation(observed: Observed, tally: Tally, count: number): Work {
  const { job, now } = observed;
  const isPerIndex = job.spec.backoffLimitPerIndex !== undefined;
  const ms = isPerIndex ? 0 : backoffRemainingMs(tally.backoff, now);
  if (ms > 0) return { do: 'wait', ms };
  if (!isIndexed(job)) return { do: 'create', indexes: Array.from({ length: count }, () => undefined) };
  const pending = pendingIndexes(observed, tally, count);
  if (!isPerIndex) return { do: 'create', indexes: pending };
  const waits = pending.map((index) => indexBackoffRemainingMs(tally.indexes.waiting.get(index), now));
  const indexes = pending.filter((_, position) => waits[position] === 0);
  if (indexes.length === 0 && waits.length > 0) return { do: 'wait', ms: Math.min(...waits) };
  return { do: 'create', indexes };
}

function pendingIndexes({ job, pods }: Observed, { indexes, activePods }: Tally, count: number): readonly number[] {
  let taken = withIndexes(indexes.succeeded, indexesOf(activePods));
  if (replacesFailedOnly(job)) taken = withIndexes(taken, indexesOf(pods.filter(isPodTerminating)));
  if (indexes.failed) taken = unionOfIntervals(taken, indexes.failed);
  return firstMissingIndexes(taken, count, job.spec.completions ?? 0);
}

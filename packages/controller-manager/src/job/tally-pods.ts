/**
 * What a Job's pods amount to. Pure.
 *
 * Mirrors: syncJobCtx and getNewFinishedPods in pkg/controller/job/job_controller.go (v1.36)
 */
import type { Job } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';

import { isPodActive, isPodReady, isPodTerminating } from '../pods/pod-state.ts';
import { completionIndexOf, indexesOf, indexFailureCount, indexIgnoredFailureCount } from './completion-index.ts';
import { finishedAt, nextBackoffRecord, type BackoffRecord } from './job-backoff.ts';
import { countIndexes, hasIndex, parseIndexIntervals, withIndexes, type IndexIntervals } from './job-indexes.ts';
import { countsAsFailed, hasTrackingFinalizer, isIndexed } from './job-spec.ts';
import { judgeFailedPod } from './pod-failure-policy.ts';

export interface Observed {
  readonly job: Job;
  /** Its own pods, whatever their phase. */
  readonly pods: readonly Pod[];
  /** The caches show every pod that this controller has created or deleted. */
  readonly isSettled: boolean;
  /** Uids of pods whose finalizer was removed, which the cache does not show yet. */
  readonly removing: ReadonlySet<string>;
  readonly backoff: BackoffRecord;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Tally {
  readonly activePods: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: BackoffRecord;
  /** Empty unless the Job is Indexed. */
  readonly indexes: IndexTally;
}

export interface IndexTally {
  /** As the status has it. */
  readonly counted: IndexIntervals;
  /** With the pods that have succeeded since. */
  readonly succeeded: IndexIntervals;
  /** Of a Job with a limit per index. */
  readonly failed: IndexIntervals | undefined;
  /** By index: the failed pod that is kept until the index may be tried again. */
  readonly waiting: ReadonlyMap<number, Pod>;
}

const NO_INDEXES: IndexTally = { counted: [], succeeded: [], failed: undefined, waiting: new Map() };

export function tallyPods(observed: Observed): Tally {
  const { job, pods } = observed;
  const { succeeded: uncountedSucceeded = [], failed: uncountedFailed = [] } =
    job.status?.uncountedTerminatedPods ?? {};
  const activePods = pods.filter(isPodActive);
  const newSucceeded = countablePods(observed, uncountedSucceeded).filter(hasSucceeded);
  const newFailed = countablePods(observed, uncountedFailed).filter((pod) => countsAsFailed(pod, job));
  const counting = newFailed.filter((pod) => judgeFailedPod(job.spec.podFailurePolicy, pod).counts);
  const indexes = isIndexed(job) ? tallyIndexes(observed, activePods) : NO_INDEXES;
  return {
    activePods,
    ready: activePods.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: isIndexed(job)
      ? countIndexes(indexes.succeeded)
      : (job.status?.succeeded ?? 0) + newSucceeded.length + uncountedSucceeded.length,
    failed: (job.status?.failed ?? 0) + counting.length + uncountedFailed.length,
    backoff: nextBackoffRecord(observed.backoff, newSucceeded, newFailed),
    indexes,
  };
}

/** Pods that have not been counted yet. */
function countablePods({ job, pods, removing }: Observed, uncounted: readonly string[]): readonly Pod[] {
  return pods.filter((pod) => {
    const { uid } = pod.metadata;
    if (!hasTrackingFinalizer(pod) || uncounted.includes(uid) || removing.has(uid)) return false;
    return !isIndexed(job) || hasValidIndex(pod, job);
  });
}

function tallyIndexes(observed: Observed, activePods: readonly Pod[]): IndexTally {
  const { job, pods } = observed;
  const completions = job.spec.completions ?? 0;
  const tracked = pods.filter((pod) => hasTrackingFinalizer(pod) && hasValidIndex(pod, job));
  const counted = parseIndexIntervals(job.status?.completedIndexes ?? '', completions);
  const succeeded = withIndexes(counted, indexesOf(tracked.filter(hasSucceeded)));
  if (job.spec.backoffLimitPerIndex === undefined) return { ...NO_INDEXES, counted, succeeded };
  const failed = withIndexes(
    parseIndexIntervals(job.status?.failedIndexes ?? '', completions),
    indexesOf(tracked.filter((pod) => failsItsIndex(job, pod))),
  );
  const active = indexesOf(activePods);
  const waiting = new Map<number, Pod>();
  for (const pod of countablePods(observed, [])) {
    const index = completionIndexOf(pod)!;
    if (!countsAsFailed(pod, job) || hasIndex(succeeded, index) || hasIndex(failed, index) || active.has(index))
      continue;
    const last = waiting.get(index);
    if (!last || isLaterFailure(pod, last)) waiting.set(index, pod);
  }
  return { counted, succeeded, failed, waiting };
}

function failsItsIndex(job: Job, pod: Pod): boolean {
  if (!countsAsFailed(pod, job)) return false;
  const { action, counts } = judgeFailedPod(job.spec.podFailurePolicy, pod);
  return action === 'FailIndex' || (counts && indexFailureCount(pod) >= (job.spec.backoffLimitPerIndex ?? 0));
}

function isLaterFailure(pod: Pod, other: Pod): boolean {
  const failures = (each: Pod): number => indexFailureCount(each) + indexIgnoredFailureCount(each);
  return failures(other) <= failures(pod) && finishedAt(pod) >= finishedAt(other);
}

export function hasSucceeded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded';
}

export function hasValidIndex(pod: Pod, { spec }: Job): boolean {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (spec.completions ?? 0);
}

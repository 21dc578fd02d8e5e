/**
 * Counts a Job's ended pods exactly once. A pod keeps a finalizer until its uid stands in the status; then the finalizer
 * goes, and the uid becomes part of a number:
 *
 *     pod ended -> uid in uncountedTerminatedPods (status write) -> finalizer removed -> counter + 1 (status write)
 *
 * Mirrors: trackJobStatusAndRemoveFinalizers in pkg/controller/job/job_controller.go (v1.36)
 */
import type { JobCondition, JobStatus } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';

import { completionIndexOf } from './completion-index.ts';
import { newJobCondition, withJobCondition } from './job-conditions.ts';
import { countIndexes, formatIndexIntervals, hasIndex, withIndexes } from './job-indexes.ts';
import { countsAsFailed, hasTrackingFinalizer, isIndexed, isSuspended } from './job-spec.ts';
import { suspensionCondition, type Conclusion, type JobPlan } from './plan-job.ts';
import { judgeFailedPod } from './pod-failure-policy.ts';
import { hasSucceeded, hasValidIndex, type Observed } from './tally-pods.ts';

const UNCOUNTED_PODS_MAX = 500;

export interface Tracking {
  readonly status: JobStatus;
  /** The status differs from the one observed and must be written before finalizers go. */
  readonly isChanged: boolean;
  readonly removeFinalizers: readonly Pod[];
  /** Of all pods that still have the finalizer. */
  readonly tracked: ReadonlySet<string>;
  /** Complete or Failed; undefined if the Job does not end now. */
  readonly end: JobCondition | undefined;
}

interface Uncounted {
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
}

export function trackPods(observed: Observed, plan: JobPlan, conclusion: Conclusion): Tracking {
  const { job, pods, removing } = observed;
  const isTracked = (pod: Pod): boolean => hasTrackingFinalizer(pod) && !removing.has(pod.metadata.uid);
  const ordered = isIndexed(job)
    ? pods.toSorted((a, b) => (completionIndexOf(a) ?? -1) - (completionIndexOf(b) ?? -1))
    : pods;
  const trackedPods = ordered.filter(isTracked);
  const tracked = new Set(trackedPods.map(({ metadata }) => metadata.uid));
  const before = statusBefore(observed, conclusion);
  const settled = settleUncounted(before.status, tracked);
  const counted = countEnded(trackedPods, observed, plan, conclusion, settled.status);
  const indexed = isIndexed(job) ? withIndexStatus(counted.status, plan, counted.newIndexes) : counted.status;
  const announced = announce(indexed, conclusion.verdict, observed.now);
  return {
    status: announced.status,
    isChanged:
      before.isChanged ||
      settled.isChanged ||
      counted.isChanged ||
      announced.isChanged ||
      indexed.completedIndexes !== counted.status.completedIndexes ||
      indexed.failedIndexes !== counted.status.failedIndexes,
    removeFinalizers: counted.removeFinalizers,
    tracked,
    end: counted.isFull ? undefined : announced.end,
  };
}

/** Makes numbers of the uids whose pods have lost their finalizer. */
export function settleUncounted(
  status: JobStatus,
  tracked: ReadonlySet<string>,
): { readonly status: JobStatus; readonly isChanged: boolean } {
  const { succeeded, failed } = uncountedOf(status);
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  };
  const gone = { succeeded: succeeded.length - left.succeeded.length, failed: failed.length - left.failed.length };
  if (gone.succeeded + gone.failed === 0) return { status, isChanged: false };
  return {
    status: {
      ...status,
      succeeded: (status.succeeded ?? 0) + gone.succeeded,
      failed: (status.failed ?? 0) + gone.failed,
      uncountedTerminatedPods: writtenUncounted(left),
    },
    isChanged: true,
  };
}

/** The status of the ended Job; undefined while pods are left that are not counted, or not gone. */
export function endJob(
  status: JobStatus,
  end: JobCondition | undefined,
  terminating: number,
  now: number,
): JobStatus | undefined {
  const { succeeded, failed } = uncountedOf(status);
  if (!end || succeeded.length + failed.length > 0 || terminating > 0) return undefined;
  const condition = newJobCondition(end.type, 'True', end.reason ?? '', end.message ?? '', now);
  return {
    ...status,
    conditions: withJobCondition(status.conditions ?? [], condition),
    ...(end.type === 'Complete' && end.lastTransitionTime ? { completionTime: end.lastTransitionTime } : {}),
  };
}

/** What is known without counting. */
function statusBefore(
  observed: Observed,
  { active, ready, terminating, turn }: Conclusion,
): { readonly status: JobStatus; readonly isChanged: boolean } {
  const { job, now } = observed;
  const { startTime: known, ...status } = job.status ?? {};
  const isFirst = known === undefined && !isSuspended(job);
  const startTime = turn === 'Suspended' ? undefined : turn === 'Resumed' || isFirst ? formatTime(now) : known;
  const isChanged =
    turn !== undefined ||
    active !== (status.active ?? 0) ||
    ready !== status.ready ||
    terminating !== status.terminating;
  return {
    status: {
      ...status,
      ...(turn ? { conditions: withJobCondition(status.conditions ?? [], suspensionCondition(observed)) } : {}),
      ...(startTime === undefined ? {} : { startTime }),
      active,
      ready,
      terminating,
      uncountedTerminatedPods: writtenUncounted(uncountedOf(status)),
    },
    isChanged,
  };
}

interface Counted {
  readonly status: JobStatus;
  readonly isChanged: boolean;
  readonly removeFinalizers: readonly Pod[];
  readonly newIndexes: readonly number[];
  /** There may be more: the rest is counted next time. */
  readonly isFull: boolean;
}

function countEnded(
  trackedPods: readonly Pod[],
  observed: Observed,
  plan: JobPlan,
  { verdict }: Conclusion,
  status: JobStatus,
): Counted {
  const before = uncountedOf(status);
  const uncounted = { succeeded: [...before.succeeded], failed: [...before.failed] };
  const newIndexes: number[] = [];
  const removeFinalizers: Pod[] = [];
  let isChanged = false;
  let isFull = false;
  for (const pod of trackedPods) {
    if (!isReleased(pod, observed, plan, verdict)) continue;
    removeFinalizers.push(pod);
    const result = classifyEnded(pod, observed, plan, verdict);
    if (result !== undefined) isChanged = true;
    if (typeof result === 'number') newIndexes.push(result);
    else if (result !== undefined) uncounted[result].push(pod.metadata.uid);
    isFull = newIndexes.length + uncounted.succeeded.length + uncounted.failed.length >= UNCOUNTED_PODS_MAX;
    if (isFull) break;
  }
  return {
    status: { ...status, uncountedTerminatedPods: writtenUncounted(uncounted) },
    isChanged,
    removeFinalizers,
    newIndexes,
    isFull,
  };
}

/** The pod need not be kept any longer. A failed one is while its index waits for its next try. */
function isReleased(pod: Pod, { job }: Observed, { tally }: JobPlan, verdict: JobCondition | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || verdict !== undefined || hasSucceeded(pod)) return true;
  const index = completionIndexOf(pod);
  const isWaiting = index !== undefined && tally.indexes.waiting.get(index)?.metadata.uid === pod.metadata.uid;
  return countsAsFailed(pod, job) && !isWaiting;
}

/** How the pod counts: for its index, by its uid, or not at all (any more). */
function classifyEnded(
  pod: Pod,
  { job }: Observed,
  { tally }: JobPlan,
  verdict: JobCondition | undefined,
): number | 'succeeded' | 'failed' | undefined {
  const { uid } = pod.metadata;
  const known = uncountedOf(job.status);
  if (known.failed.includes(uid)) return undefined;
  if (isIndexed(job) && !hasValidIndex(pod, job)) return undefined;
  if (hasSucceeded(pod)) {
    if (!isIndexed(job)) return known.succeeded.includes(uid) ? undefined : 'succeeded';
    const index = completionIndexOf(pod)!;
    return hasIndex(tally.indexes.counted, index) ? undefined : index;
  }
  const failsRest = verdict !== undefined && verdict.type !== 'SuccessCriteriaMet';
  if (!countsAsFailed(pod, job) && !failsRest) return undefined;
  return judgeFailedPod(job.spec.podFailurePolicy, pod).counts ? 'failed' : undefined;
}

function withIndexStatus(status: JobStatus, { tally }: JobPlan, newIndexes: readonly number[]): JobStatus {
  const { completedIndexes: _, failedIndexes: __, ...rest } = status;
  const succeeded = withIndexes(tally.indexes.succeeded, newIndexes);
  const text = formatIndexIntervals(succeeded);
  const { failed } = tally.indexes;
  return {
    ...rest,
    succeeded: countIndexes(succeeded),
    ...(text === '' ? {} : { completedIndexes: text }),
    ...(failed ? { failedIndexes: formatIndexIntervals(failed) } : {}),
  };
}

/** Says how the Job is going to end before it does, and turns the announcement into the end. */
function announce(
  status: JobStatus,
  verdict: JobCondition | undefined,
  now: number,
): { readonly status: JobStatus; readonly isChanged: boolean; readonly end: JobCondition | undefined } {
  if (!verdict || verdict.type === 'Failed') return { status, isChanged: false, end: verdict };
  const conditions = status.conditions ?? [];
  const isNew = !conditions.some(({ type, status: value }) => type === verdict.type && value === 'True');
  const type = verdict.type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
  return {
    status: isNew ? { ...status, conditions: [...conditions, verdict] } : status,
    isChanged: isNew,
    end: newJobCondition(type, 'True', verdict.reason ?? '', verdict.message ?? '', now),
  };
}

function uncountedOf(status: JobStatus | undefined): Uncounted {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  return { succeeded, failed };
}

function writtenUncounted({ succeeded, failed }: Uncounted): NonNullable<JobStatus['uncountedTerminatedPods']> {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

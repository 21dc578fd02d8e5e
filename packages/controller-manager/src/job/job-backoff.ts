/**
 * How long a Job waits before it replaces pods that failed: 10 s, doubled with every failure since the last success.
 *
 * Mirrors: pkg/controller/job/backoff_utils.go (v1.36)
 */
import type { ContainerStatus, Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

import { podCondition } from '../pods/pod-state.ts';
import { indexFailureCount, indexIgnoredFailureCount } from './completion-index.ts';

/** Of one Job. Times are milliseconds since the epoch. */
export interface BackoffRecord {
  readonly failuresSinceSuccess: number;
  readonly lastFailure?: number;
}

export const NO_FAILURES: BackoffRecord = { failuresSinceSuccess: 0 };

const INITIAL_MS = 10_000;
const MAX_MS = 600_000;

/** The record after pods that ended since it was made. */
export function nextBackoffRecord(
  record: BackoffRecord,
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): BackoffRecord {
  const failures = failed.map(finishedAt);
  if (succeeded.length === 0) {
    if (failures.length === 0) return record;
    return {
      failuresSinceSuccess: record.failuresSinceSuccess + failures.length,
      lastFailure: Math.max(...failures),
    };
  }
  const lastSuccess = Math.max(...succeeded.map(finishedAt));
  const later = failures.filter((time) => time > lastSuccess);
  return later.length === 0 ? NO_FAILURES : { failuresSinceSuccess: later.length, lastFailure: Math.max(...later) };
}

/** Milliseconds until pods may be created. */
export function backoffRemainingMs(record: BackoffRecord, now: number): number {
  if (record.failuresSinceSuccess === 0) return 0;
  const backoff = Math.min(MAX_MS, INITIAL_MS * 2 ** (record.failuresSinceSuccess - 1));
  return Math.max(0, backoff - (now - (record.lastFailure ?? now)));
}

/** The same for one index, whose last pod carries the count of its failures. */
export function indexBackoffRemainingMs(lastFailedPod: Pod | undefined, now: number): number {
  if (!lastFailedPod) return 0;
  const failures = indexFailureCount(lastFailedPod) + indexIgnoredFailureCount(lastFailedPod) + 1;
  return backoffRemainingMs({ failuresSinceSuccess: failures, lastFailure: finishedAt(lastFailedPod) }, now);
}

/** When the last container ended; failing that the best guess. */
export function finishedAt(pod: Pod): number {
  const ended = containersFinishedAt(pod);
  if (ended !== undefined) return ended;
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return parseTime(creationTimestamp);
}

function containersFinishedAt(pod: Pod): number | undefined {
  const sidecars = new Set(
    pod.spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const ofSidecars = (pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  return lastEnd(ofSidecars, lastEnd(pod.status?.containerStatuses ?? [], undefined));
}

/** Undefined as soon as one has not ended. */
function lastEnd(statuses: readonly ContainerStatus[], before: number | undefined): number | undefined {
  const ends = statuses.map(({ state }) => state?.terminated?.finishedAt);
  if (ends.some((end) => !end)) return undefined;
  const times = ends.map((end) => parseTime(end!));
  if (before !== undefined) times.push(before);
  return times.length === 0 ? undefined : Math.max(...times);
}

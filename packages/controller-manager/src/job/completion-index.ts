/**
 * What an Indexed Job writes on its pods: the index each one works on, and how often that index has failed before.
 *
 * Mirrors: pkg/controller/job/indexed_job_utils.go (v1.36)
 */
import type { Pod } from '@kts/api/types/core-v1';

export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
export const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count';
export const INDEX_IGNORED_FAILURE_COUNT = 'batch.kubernetes.io/job-index-ignored-failure-count';

const INT32_MAX = 2 ** 31 - 1;

/** Undefined for a pod without a valid index. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX];
  return text !== undefined && /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** Failures of the index before this pod that counted against its limit. */
export function indexFailureCount(pod: Pod): number {
  return countIn(pod, INDEX_FAILURE_COUNT);
}

/** The same, which a pod failure policy ignored. */
export function indexIgnoredFailureCount(pod: Pod): number {
  return countIn(pod, INDEX_IGNORED_FAILURE_COUNT);
}

export function indexesOf(pods: readonly Pod[]): ReadonlySet<number> {
  return new Set(pods.map(completionIndexOf).filter((index) => index !== undefined));
}

function countIn(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? '';
  return /^\+?\d+$/.test(text) && Number(text) <= INT32_MAX ? Number(text) : 0;
}

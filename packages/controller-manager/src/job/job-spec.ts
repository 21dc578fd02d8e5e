/**
 * What a Job says about itself, with the defaults that the API server fills in.
 *
 * Mirrors: pkg/controller/job/job_controller.go (v1.36)
 */
import type { Job, JobCondition } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';

/** Keeps a pod until its Job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';

const OWN_NAME = 'kubernetes.io/job-controller';

/** Somebody else's controller does the work. */
export function isManagedElsewhere({ spec }: Job): boolean {
  return spec.managedBy !== undefined && spec.managedBy !== OWN_NAME;
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

export function isSuspended({ spec }: Job): boolean {
  return spec.suspend === true;
}

/** A replacement is created when a pod has failed, and not already when it is being deleted. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined;
}

export function hasTrackingFinalizer(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false;
}

/** Failed, or as good as failed because it is being deleted. */
export function countsAsFailed(pod: Pod, job: Job): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed') return true;
  if (replacesFailedOnly(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && phase !== 'Succeeded';
}

export function jobCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type);
}

/** Ended for good. */
export function isJobFinished(job: Job): boolean {
  return jobCondition(job, 'Complete')?.status === 'True' || jobCondition(job, 'Failed')?.status === 'True';
}

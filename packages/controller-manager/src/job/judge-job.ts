/**
 * Whether a Job is to end, and how. Pure.
 *
 * Mirrors: syncJob in pkg/controller/job/job_controller.go (v1.36)
 */
import type { Job, JobCondition } from '@kts/api/types/batch-v1';
import { parseTime } from '@kts/apimachinery';

import { newJobCondition } from './job-conditions.ts';
import { countIndexes } from './job-indexes.ts';
import { countsAsFailed, isIndexed, isSuspended, jobCondition } from './job-spec.ts';
import { judgeFailedPod } from './pod-failure-policy.ts';
import { matchSuccessPolicy } from './success-policy.ts';
import type { Observed, Tally } from './tally-pods.ts';

/**
 * The condition that ends the Job: SuccessCriteriaMet or FailureTarget, which announce an end, or Failed after its
 * announcement. Undefined: it goes on.
 */
export function judgeJob(observed: Observed, tally: Tally): JobCondition | undefined {
  const { job, now } = observed;
  return (
    announcedEnd(job, now) ??
    failureByPolicy(observed) ??
    failureByLimit(observed, tally) ??
    (isIndexed(job) ? (failureByIndexes(observed, tally) ?? successByPolicy(observed, tally)) : undefined)
  );
}

/** Everything that was asked for has succeeded. */
export function completion(now: number): JobCondition {
  const message = 'Reached expected number of succeeded pods';
  return newJobCondition('SuccessCriteriaMet', 'True', 'CompletionsReached', message, now);
}

/** Milliseconds until the Job has been active for too long; undefined: there is no such limit. */
export function deadlineMs({ job, now }: Observed): number | undefined {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || isSuspended(job)) return undefined;
  const start = job.status?.startTime ? parseTime(job.status.startTime) : now;
  return activeDeadlineSeconds * 1000 - (now - start);
}

function announcedEnd(job: Job, now: number): JobCondition | undefined {
  const success = jobCondition(job, 'SuccessCriteriaMet');
  if (success?.status === 'True') return success;
  const failure = jobCondition(job, 'FailureTarget');
  if (failure?.status !== 'True') return undefined;
  return newJobCondition('Failed', 'True', failure.reason ?? '', failure.message ?? '', now);
}

function failureByPolicy({ job, pods, now }: Observed): JobCondition | undefined {
  for (const pod of pods) {
    if (!countsAsFailed(pod, job)) continue;
    const { message } = judgeFailedPod(job.spec.podFailurePolicy, pod);
    if (message !== undefined) return failureTarget('PodFailurePolicy', message, now);
  }
  return undefined;
}

function failureByLimit(observed: Observed, tally: Tally): JobCondition | undefined {
  const { job, now } = observed;
  if (tally.failed > (job.spec.backoffLimit ?? Infinity) || hasTooManyRestarts(observed)) {
    return failureTarget('BackoffLimitExceeded', 'Job has reached the specified backoff limit', now);
  }
  if (job.status?.startTime !== undefined && (deadlineMs(observed) ?? Infinity) <= 0) {
    return failureTarget('DeadlineExceeded', 'Job was active longer than specified deadline', now);
  }
  return undefined;
}

/** Containers that restart in their pod count too. */
function hasTooManyRestarts({ job, pods }: Observed): boolean {
  const { template, backoffLimit = Infinity } = job.spec;
  if (template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of status.initContainerStatuses ?? []) restarts += restartCount;
    for (const { restartCount } of status.containerStatuses ?? []) restarts += restartCount;
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

function failureByIndexes({ job, now }: Observed, { indexes }: Tally): JobCondition | undefined {
  if (!indexes.failed) return undefined;
  const failed = countIndexes(indexes.failed);
  if (failed > (job.spec.maxFailedIndexes ?? Infinity)) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return failureTarget('MaxFailedIndexesExceeded', message, now);
  }
  if (failed > 0 && failed + countIndexes(indexes.succeeded) >= (job.spec.completions ?? 0)) {
    return failureTarget('FailedIndexes', 'Job has failed indexes', now);
  }
  return undefined;
}

function successByPolicy({ job, now }: Observed, { indexes }: Tally): JobCondition | undefined {
  const message = matchSuccessPolicy(job.spec.successPolicy, job.spec.completions ?? 0, indexes.succeeded);
  if (message === undefined) return undefined;
  return newJobCondition('SuccessCriteriaMet', 'True', 'SuccessPolicy', message, now);
}

function failureTarget(reason: string, message: string, now: number): JobCondition {
  return newJobCondition('FailureTarget', 'True', reason, message, now);
}

/**
 * Deletes Jobs some time after they have ended, if they ask for it.
 *
 * Mirrors: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go (v1.36)
 */
import { jobs } from '@kts/api';
import type { Job } from '@kts/api/types/batch-v1';
import { isNotFound, parseTime } from '@kts/apimachinery';
import { defineController, type AnyControllerDefinition, type ControllerContext, type Requeue } from '@kts/controlkit';

interface Observed {
  readonly job: Job;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const ttlAfterFinishedController: AnyControllerDefinition = defineController<Job, Observed, Requeue>({
  name: 'ttl-after-finished-controller',
  for: jobs,
  observe: (key, { informers, clock }) => {
    const job = informers.get(jobs).get(key);
    return job && { job, now: clock.now() };
  },
  plan: ({ job, now }) => {
    const left = remainingMs(job, now);
    return left !== undefined && left > 0 ? { requeueAfterMs: left } : {};
  },
  apply: deleteExpired,
});

/** Milliseconds until the Job may go; undefined if it stays. */
export function remainingMs({ metadata, spec, status }: Job, now: number): number | undefined {
  const { ttlSecondsAfterFinished } = spec;
  if (metadata.deletionTimestamp !== undefined || ttlSecondsAfterFinished === undefined) return undefined;
  const end = status?.conditions?.find(
    (condition) => ['Complete', 'Failed'].includes(condition.type) && condition.status === 'True',
  );
  if (!end?.lastTransitionTime) return undefined;
  return parseTime(end.lastTransitionTime) + ttlSecondsAfterFinished * 1000 - now;
}

/** The cache may be behind: the time to live may have been raised meanwhile. */
async function deleteExpired(
  { requeueAfterMs }: Requeue,
  { job, now }: Observed,
  { client, signal }: ControllerContext,
): Promise<void> {
  if (requeueAfterMs !== undefined || remainingMs(job, now) === undefined) return;
  try {
    const fresh = await client.get(jobs, job.metadata, { signal });
    if ((remainingMs(fresh, now) ?? Infinity) > 0) return;
    const { uid } = fresh.metadata;
    await client.delete(jobs, fresh.metadata, { propagationPolicy: 'Foreground', preconditions: { uid }, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

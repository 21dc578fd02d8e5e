/**
 * Frees pods that no Job will count any more: the Job has ended, is gone, or let them go.
 *
 * Mirrors: syncOrphanPod in pkg/controller/job/job_controller.go (v1.36)
 */
import { jobs, pods } from '@kts/api';
import type { Job } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { keyText, labelSelectorMatcher, parseApiVersion, type ObjectKey } from '@kts/apimachinery';
import {
  controllerRefOf,
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
} from '@kts/controlkit';

import { hasTrackingFinalizer, isJobFinished, isManagedElsewhere } from './job-spec.ts';
import { removeTrackingFinalizer } from './remove-tracking-finalizer.ts';

const TRACKED = 'trackedPodsOfNamespace';
const BACKOFF = { initialMs: 1000, factor: 2, maxMs: 60_000 };

interface Observed {
  readonly pod: Pod;
  /** The Job that controls the pod, if it is there. */
  readonly job: Job | undefined;
}

export const jobOrphanController: AnyControllerDefinition = defineController<Pod, Observed, boolean>({
  name: 'job-orphan-pods',
  for: pods,
  concerns: hasTrackingFinalizer,
  watches: [watching(jobs, { map: podsToFree })],
  backoff: BACKOFF,
  setup: ({ informers }) => {
    informers.get(pods).addIndex(TRACKED, (pod) => (hasTrackingFinalizer(pod) ? [pod.metadata.namespace] : []));
  },
  observe: (key, { informers }) => {
    const pod = informers.get(pods).get(key);
    if (!pod || !hasTrackingFinalizer(pod)) return undefined;
    const owner = controllerRefOf(pod);
    const job = owner && informers.get(jobs).get(keyText({ namespace: pod.metadata.namespace, name: owner.name }));
    return { pod, job: job?.metadata.uid === owner?.uid ? job : undefined };
  },
  plan: isOrphan,
  apply: async (orphan, { pod }, context) => {
    if (orphan) await removeTrackingFinalizer(context, pod);
  },
});

export function isOrphan({ pod, job }: Observed): boolean {
  const owner = controllerRefOf(pod);
  if (!owner) return true;
  if (owner.kind !== jobs.kind || parseApiVersion(owner.apiVersion).group !== jobs.group) return false;
  return !job || (isJobFinished(job) && !isManagedElsewhere(job));
}

/** Of a Job that has ended or is gone. */
function podsToFree(job: Job, { informers }: ControllerContext): readonly ObjectKey[] {
  const isGone = informers.get(jobs).get(job.metadata)?.metadata.uid !== job.metadata.uid;
  if (!isGone && !isJobFinished(job)) return [];
  const selector = labelSelectorMatcher(job.spec.selector);
  return informers
    .get(pods)
    .byIndex(TRACKED, job.metadata.namespace)
    .filter((pod) => selector.matches(pod.metadata.labels))
    .map(({ metadata }) => metadata);
}

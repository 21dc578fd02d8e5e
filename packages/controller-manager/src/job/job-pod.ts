/**
 * The pods that a Job creates.
 *
 * Mirrors: manageJob in pkg/controller/job/job_controller.go, indexed_job_utils.go (v1.36)
 */
import { jobs } from '@kts/api';
import type { Job } from '@kts/api/types/batch-v1';
import type { Container, Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { podFromTemplate } from '../pods/pod-control.ts';
import {
  COMPLETION_INDEX,
  INDEX_FAILURE_COUNT,
  INDEX_IGNORED_FAILURE_COUNT,
  indexFailureCount,
  indexIgnoredFailureCount,
} from './completion-index.ts';
import { TRACKING_FINALIZER } from './job-spec.ts';
import { judgeFailedPod } from './pod-failure-policy.ts';

const INDEX_VARIABLE = 'JOB_COMPLETION_INDEX';
/** What is left of a name's 63 characters for the part that is not generated. */
const GENERATE_NAME_LENGTH_MAX = 58;

/** @param replaced the failed pod whose index the new one tries again */
export function newJobPod(job: Job, index: number | undefined, replaced: Pod | undefined): New<Pod> {
  const pod = podFromTemplate(job.spec.template, job, jobs);
  const finalizers = pod.metadata.finalizers ?? [];
  const metadata = {
    ...pod.metadata,
    finalizers: finalizers.includes(TRACKING_FINALIZER) ? finalizers : [...finalizers, TRACKING_FINALIZER],
  };
  if (index === undefined) return { ...pod, metadata };
  const { initContainers } = pod.spec;
  return {
    metadata: {
      ...metadata,
      generateName: generateNameOf(job, index),
      labels: { ...metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: {
        ...metadata.annotations,
        [COMPLETION_INDEX]: String(index),
        ...failureCounts(job, replaced),
      },
    },
    spec: {
      ...pod.spec,
      hostname: `${job.metadata.name}-${index}`,
      containers: pod.spec.containers.map(withIndexVariable),
      ...(initContainers ? { initContainers: initContainers.map(withIndexVariable) } : {}),
    },
  };
}

function generateNameOf(job: Job, index: number): string {
  const suffix = `-${index}-`;
  return job.metadata.name.slice(0, GENERATE_NAME_LENGTH_MAX - suffix.length) + suffix;
}

function failureCounts(job: Job, replaced: Pod | undefined): Readonly<Record<string, string>> {
  if (job.spec.backoffLimitPerIndex === undefined) return {};
  let counted = replaced ? indexFailureCount(replaced) : 0;
  let ignored = replaced ? indexIgnoredFailureCount(replaced) : 0;
  if (replaced && judgeFailedPod(job.spec.podFailurePolicy, replaced).counts) counted++;
  else if (replaced) ignored++;
  return {
    [INDEX_FAILURE_COUNT]: String(counted),
    ...(ignored > 0 ? { [INDEX_IGNORED_FAILURE_COUNT]: String(ignored) } : {}),
  };
}

function withIndexVariable(container: Container): Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === INDEX_VARIABLE)) return container;
  const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } };
  return { ...container, env: [...env, { name: INDEX_VARIABLE, valueFrom }] };
}

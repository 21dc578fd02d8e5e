import type { Job, JobSpec, JobStatus } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { COMPLETION_INDEX, INDEX_FAILURE_COUNT } from '../completion-index.ts';
import { TRACKING_FINALIZER } from '../job-spec.ts';
import type { Observed } from '../tally-pods.ts';

/** Builders for tests of the Job controller's decisions. Times are milliseconds before `NOW`. */
export const NOW = parseTime('2026-01-01T12:00:00Z');

export interface JobPodFields {
  readonly name: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly index?: number;
  readonly failures?: number;
  readonly exitCode?: number;
  readonly endedAgo?: number;
  readonly isReady?: boolean;
  readonly isDeleted?: boolean;
  readonly isTracked?: boolean;
  readonly restarts?: number;
}

export function jobPod(fields: JobPodFields): Pod {
  const { name, phase = 'Running', index, failures, exitCode, endedAgo, isReady, isDeleted, restarts = 0 } = fields;
  const terminated = {
    exitCode: exitCode ?? 0,
    ...(endedAgo === undefined ? {} : { finishedAt: formatTime(NOW - endedAgo) }),
  };
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW - 60_000),
      annotations: {
        ...(index === undefined ? {} : { [COMPLETION_INDEX]: String(index) }),
        ...(failures === undefined ? {} : { [INDEX_FAILURE_COUNT]: String(failures) }),
      },
      ...(isDeleted ? { deletionTimestamp: formatTime(NOW) } : {}),
      finalizers: fields.isTracked === false ? [] : [TRACKING_FINALIZER],
    },
    spec: { containers: [{ name: 'main' }] },
    status: {
      phase,
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: false,
          restartCount: restarts,
          ...(exitCode === undefined && endedAgo === undefined ? {} : { state: { terminated } }),
        },
      ],
      ...(isReady ? { conditions: [{ type: 'Ready', status: 'True' }] } : {}),
    },
  };
}

export function job(spec: Partial<JobSpec> = {}, status: JobStatus = { startTime: formatTime(NOW) }): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'work',
      namespace: 'default',
      uid: 'uid-work',
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW),
    },
    spec: { completions: 1, parallelism: 1, backoffLimit: 6, template: { spec: { containers: [] } }, ...spec },
    status,
  };
}

export function observed(fields: Partial<Observed>): Observed {
  return {
    job: job(),
    pods: [],
    isSettled: true,
    removing: new Set(),
    backoff: { failuresSinceSuccess: 0 },
    now: NOW,
    ...fields,
  };
}

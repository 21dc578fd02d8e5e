/**
 * The status of a Deployment: counts summed over its ReplicaSets, and what they say about progress.
 *
 * Mirrors: pkg/controller/deployment/{sync,progress}.go, deployment/util/deployment_util.go (v1.36)
 * Differs: a complete Deployment whose pods fail later is not looked at again and again, because nothing can time out.
 */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '@kts/api/types/apps-v1';
import { deepEqual, parseTime } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { availableReplicas, maxUnavailable, replicasOf, specReplicas } from './rollout-limits.ts';

const INT32_MAX = 2 ** 31 - 1;
const SECOND_MS = 1000;

/** Some of the reasons of the Progressing condition mean something to the next look. */
export const REASON = {
  created: 'NewReplicaSetCreated',
  createError: 'ReplicaSetCreateError',
  found: 'FoundNewReplicaSet',
  updated: 'ReplicaSetUpdated',
  available: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

export interface Rollout {
  readonly deployment: Deployment;
  readonly newReplicaSet: ReplicaSet | undefined;
  /** Old ones and the new one. */
  readonly all: readonly ReplicaSet[];
  readonly now: number;
}

export function hasProgressDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== INT32_MAX;
}

export function conditionOf(
  status: DeploymentStatus | undefined,
  type: 'Available' | 'Progressing' | 'ReplicaFailure',
): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** A condition with the same status and reason is kept as it is; the transition time only changes with the status. */
export function withCondition(
  status: DeploymentStatus,
  type: 'Available' | 'Progressing',
  value: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: number,
): DeploymentStatus {
  const time = formatTime(now);
  return setCondition(status, {
    type,
    status: value,
    lastUpdateTime: time,
    lastTransitionTime: time,
    reason,
    message,
  });
}

function setCondition(status: DeploymentStatus, condition: DeploymentCondition): DeploymentStatus {
  const before = status.conditions?.find(({ type }) => type === condition.type);
  if (before?.status === condition.status && before.reason === condition.reason) return status;
  const since = before?.status === condition.status ? before.lastTransitionTime : condition.lastTransitionTime;
  return {
    ...withoutCondition(status, condition.type),
    conditions: [
      ...(status.conditions ?? []).filter(({ type }) => type !== condition.type),
      { ...condition, ...(since ? { lastTransitionTime: since } : {}) },
    ],
  };
}

function withoutCondition(status: DeploymentStatus, type: string): DeploymentStatus {
  return { ...status, conditions: (status.conditions ?? []).filter((condition) => condition.type !== type) };
}

/** Counts, and whether enough is available. */
export function computeStatus({ deployment, newReplicaSet, all, now }: Rollout): DeploymentStatus {
  const available = availableReplicas(all);
  const { collisionCount, conditions } = deployment.status ?? {};
  const terminating = terminatingReplicas(all);
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, (each) => each.status?.replicas),
    updatedReplicas: newReplicaSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, (each) => each.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, specReplicas(all) - available),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(conditions ? { conditions } : {}),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
  return available >= replicasOf(deployment) - maxUnavailable(deployment)
    ? withCondition(
        status,
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        now,
      )
    : withCondition(
        status,
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        now,
      );
}

/** The same during a rollout: with progress, or the lack of it, and with failures of ReplicaSets. */
export function computeRolloutStatus(rollout: Rollout): DeploymentStatus {
  const status = withProgress(computeStatus(rollout), rollout);
  const failure = replicaFailure(rollout);
  return failure ? setCondition(status, failure) : withoutCondition(status, 'ReplicaFailure');
}

function withProgress(status: DeploymentStatus, { deployment, newReplicaSet, now }: Rollout): DeploymentStatus {
  if (!hasProgressDeadline(deployment)) return withoutCondition(status, 'Progressing');
  const before = conditionOf(deployment.status, 'Progressing');
  if (status.replicas === status.updatedReplicas && before?.reason === REASON.available) return status;
  const subject = newReplicaSet
    ? `ReplicaSet ${JSON.stringify(newReplicaSet.metadata.name)}`
    : `Deployment ${JSON.stringify(deployment.metadata.name)}`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(status, 'Progressing', 'True', REASON.available, message, now);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    // Even with the same reason: the time of the last progress is what the deadline counts from.
    const moved = withCondition(
      withoutCondition(status, 'Progressing'),
      'Progressing',
      'True',
      REASON.updated,
      `${subject} is progressing.`,
      now,
    );
    return before?.status === 'True' ? keepTransitionTime(moved, before) : moved;
  }
  if (!isTimedOut(deployment, status, now)) return status;
  const message = `${subject} has timed out progressing.`;
  return withCondition(status, 'Progressing', 'False', REASON.timedOut, message, now);
}

function keepTransitionTime(status: DeploymentStatus, before: DeploymentCondition): DeploymentStatus {
  const { lastTransitionTime } = before;
  if (!lastTransitionTime) return status;
  const conditions = status.conditions?.map((condition) =>
    condition.type === before.type ? { ...condition, lastTransitionTime } : condition,
  );
  return { ...status, ...(conditions ? { conditions } : {}) };
}

/** All replicas are new and available, and no old ones are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = conditionOf(status, 'Progressing');
  if (!condition || condition.reason === REASON.available) return false;
  return condition.reason === REASON.timedOut || deadlineOf(deployment, condition) < now;
}

function deadlineOf({ spec }: Deployment, { lastUpdateTime }: DeploymentCondition): number {
  const since = lastUpdateTime ? parseTime(lastUpdateTime) : 0;
  return since + (spec.progressDeadlineSeconds ?? 0) * SECOND_MS;
}

/** When to check for progress again; undefined if no deadline is running. */
export function progressCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const condition = conditionOf(deployment.status, 'Progressing');
  if (!hasProgressDeadline(deployment) || !condition || isComplete(deployment, status)) return undefined;
  if (condition.reason === REASON.timedOut || condition.reason === REASON.available) return undefined;
  return Math.max(0, deadlineOf(deployment, condition) - now) + SECOND_MS;
}

/** Failures of the new ReplicaSet count more than those of old ones. */
function replicaFailure({ newReplicaSet, all }: Rollout): DeploymentCondition | undefined {
  const failures = [...(newReplicaSet ? [newReplicaSet] : []), ...all].flatMap((replicaSet) =>
    (replicaSet.status?.conditions ?? []).filter((condition) => condition.type === 'ReplicaFailure'),
  );
  const [failure] = failures;
  if (!failure) return undefined;
  return { ...failure, ...(failure.lastTransitionTime ? { lastUpdateTime: failure.lastTransitionTime } : {}) };
}

/** Unknown as long as a ReplicaSet that was looked at does not tell. */
function terminatingReplicas(all: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of all) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas;
    else if (status?.observedGeneration) return undefined;
  }
  return total;
}

function sum(all: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number | undefined): number {
  return all.reduce((total, replicaSet) => total + (count(replicaSet) ?? 0), 0);
}

/** Whether writing the status would change anything. Zero and absent are the same, as on the wire. */
export function isStatusCurrent(deployment: Deployment, status: DeploymentStatus): boolean {
  const normal = (each: DeploymentStatus | undefined): object => ({
    observedGeneration: each?.observedGeneration ?? 0,
    replicas: each?.replicas ?? 0,
    updated: each?.updatedReplicas ?? 0,
    ready: each?.readyReplicas ?? 0,
    available: each?.availableReplicas ?? 0,
    unavailable: each?.unavailableReplicas ?? 0,
    terminating: each?.terminatingReplicas,
    conditions: each?.conditions ?? [],
    collisionCount: each?.collisionCount,
  });
  return deepEqual(normal(deployment.status), normal(status));
}

/**
 * What a ReplicaSet needs: pods to create or to delete, and the status to report. Pure.
 *
 * Mirrors: pkg/controller/replicaset/replica_set.go, replica_set_utils.go (v1.36)
 */
import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '@kts/api/types/apps-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { podsToDelete } from '../pods/deletion-order.ts';
import { isPodAvailable, isPodReady, nextAvailabilityMs } from '../pods/pod-state.ts';

/** Pods created or deleted in one go; the rest follows when those have been seen. */
export const BURST_REPLICAS = 500;

export interface Observed {
  readonly replicaSet: ReplicaSet;
  /** Its own pods that count as replicas. */
  readonly activePods: readonly Pod[];
  readonly terminatingPods: readonly Pod[];
  /** Active pods of every ReplicaSet of the same owner, this one's included. */
  readonly relatedPods: readonly Pod[];
  /** The caches show everything this controller has done: only then may it count. */
  readonly isSettled: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type ReplicaPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'create'; readonly count: number }
  | { readonly do: 'delete'; readonly pods: readonly Pod[] };

export function planReplicas(observed: Observed): ReplicaPlan {
  const { replicaSet, activePods } = observed;
  if (!observed.isSettled || replicaSet.metadata.deletionTimestamp !== undefined) return { do: 'nothing' };
  const surplus = activePods.length - (replicaSet.spec.replicas ?? 1);
  if (surplus < 0) return { do: 'create', count: Math.min(-surplus, BURST_REPLICAS) };
  if (surplus === 0) return { do: 'nothing' };
  const count = Math.min(surplus, BURST_REPLICAS);
  return { do: 'delete', pods: podsToDelete(activePods, observed.relatedPods, count, observed.now) };
}

/** `failure` is what went wrong while replicas were created or deleted: it becomes the ReplicaFailure condition. */
export function computeStatus(observed: Observed, failure: string | undefined): ReplicaSetStatus {
  const { replicaSet, activePods, now } = observed;
  const { spec } = replicaSet;
  const ready = activePods.filter(isPodReady);
  const labels = Object.entries(spec.template?.metadata?.labels ?? {});
  const conditions = computeConditions(observed, failure);
  const { conditions: _before, ...kept } = replicaSet.status ?? { replicas: 0 };
  return {
    ...kept,
    replicas: activePods.length,
    fullyLabeledReplicas: activePods.filter((pod) => hasLabels(pod, labels)).length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, spec.minReadySeconds ?? 0, now)).length,
    terminatingReplicas: observed.terminatingPods.length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Whether writing the status would change anything. Zero and absent are the same, as on the wire. */
export function isStatusCurrent(replicaSet: ReplicaSet, status: ReplicaSetStatus): boolean {
  const normal = (each: ReplicaSetStatus | undefined): object => ({
    replicas: each?.replicas ?? 0,
    fullyLabeled: each?.fullyLabeledReplicas ?? 0,
    ready: each?.readyReplicas ?? 0,
    available: each?.availableReplicas ?? 0,
    terminating: each?.terminatingReplicas,
    observedGeneration: each?.observedGeneration ?? 0,
    conditions: each?.conditions ?? [],
  });
  return deepEqual(normal(replicaSet.status), normal(status));
}

/** When to look again although nothing changes: a ready pod becomes available by the passing of time. */
export function nextLookMs(observed: Observed, status: ReplicaSetStatus): number | undefined {
  const minReadySeconds = observed.replicaSet.spec.minReadySeconds ?? 0;
  if (minReadySeconds === 0 || status.readyReplicas === status.availableReplicas) return undefined;
  return nextAvailabilityMs(observed.activePods, minReadySeconds, observed.now) ?? minReadySeconds * 1000;
}

function computeConditions(observed: Observed, failure: string | undefined): readonly ReplicaSetCondition[] {
  const before = observed.replicaSet.status?.conditions ?? [];
  const others = before.filter((condition) => condition.type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  // The first failure stays as it is until there is none: repeating it would write the status at every try.
  if (others.length < before.length) return before;
  const surplus = observed.activePods.length - (observed.replicaSet.spec.replicas ?? 1);
  return [
    ...others,
    {
      type: 'ReplicaFailure',
      status: 'True',
      lastTransitionTime: formatTime(observed.now),
      reason: surplus < 0 ? 'FailedCreate' : 'FailedDelete',
      message: failure,
    },
  ];
}

function hasLabels({ metadata }: Pod, labels: readonly (readonly [key: string, value: string])[]): boolean {
  for (const [key, value] of labels) if (metadata.labels?.[key] !== value) return false;
  return true;
}

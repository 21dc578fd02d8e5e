import type { Pod, PodCondition } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';

/** What the scheduler says of a pod in its status. */
export interface PodStatusChange {
  readonly condition?: Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;
  /** An empty string takes the nomination back; absent leaves it as it is. */
  readonly nominatedNode?: string;
}

/**
 * The strategic merge patch of the pod's status, or `undefined` if there is nothing to change.
 *
 * Mirrors: UpdatePodCondition in pkg/api/v1/pod/util.go and updatePod in pkg/scheduler/schedule_one.go (v1.36)
 */
export function planPodStatus(pod: Pod, change: PodStatusChange, now: number): object | undefined {
  const condition = change.condition && planCondition(pod, change.condition, now);
  const nominates =
    change.nominatedNode !== undefined && change.nominatedNode !== (pod.status?.nominatedNodeName ?? '');
  if (condition === undefined && !nominates) return undefined;
  return {
    status: {
      ...(condition && { conditions: [condition] }),
      ...(nominates && { nominatedNodeName: change.nominatedNode || null }),
    },
  };
}

function planCondition(
  pod: Pod,
  wanted: NonNullable<PodStatusChange['condition']>,
  now: number,
): PodCondition | undefined {
  const old = pod.status?.conditions?.find(({ type }) => type === wanted.type);
  if (old?.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message) return undefined;
  const since = old?.status === wanted.status ? old.lastTransitionTime : undefined;
  const { generation } = pod.metadata;
  return {
    ...wanted,
    lastTransitionTime: since ?? formatTime(now),
    ...(generation && { observedGeneration: generation }),
  };
}

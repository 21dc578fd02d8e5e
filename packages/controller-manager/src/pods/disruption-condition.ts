/**
 * Says on a pod why it is being deleted.
 *
 * Mirrors: UpdatePodCondition in pkg/api/v1/pod/util.go, PatchPodStatus in pkg/util/pod/pod.go (v1.36)
 */
import { pods } from '@kts/api';
import type { Pod, PodCondition, PodStatus } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import type { ControllerContext } from '@kts/controlkit';

import { podCondition } from './pod-state.ts';

export interface DisruptionReason {
  readonly reason: string;
  readonly message: string;
}

/** Undefined if the pod says so already. */
export function disruptionTarget(pod: Pod, cause: DisruptionReason, now: number): PodCondition | undefined {
  const { generation } = pod.metadata;
  const known = podCondition(pod, 'DisruptionTarget');
  const isKnown = known?.status === 'True' && known.reason === cause.reason && known.message === cause.message;
  if (isKnown && known.observedGeneration === generation) return undefined;
  const since = known?.status === 'True' ? known.lastTransitionTime : undefined;
  return {
    type: 'DisruptionTarget',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    status: 'True',
    ...cause,
    lastTransitionTime: since ?? formatTime(now),
  };
}

/** Changes parts of a pod's status, if it is still the same pod. New conditions come last. */
export async function patchPodStatus(
  { client, signal }: Pick<ControllerContext, 'client' | 'signal'>,
  pod: Pod,
  status: Partial<PodStatus>,
): Promise<void> {
  const known = pod.status?.conditions ?? [];
  const added = (status.conditions ?? []).filter(({ type }) => !known.some((each) => each.type === type));
  const order = [...known, ...added].map(({ type }) => ({ type }));
  const ordered = status.conditions ? { ...status, '$setElementOrder/conditions': order } : status;
  const body = { metadata: { uid: pod.metadata.uid }, status: ordered };
  await client.patchStatus(pods, pod.metadata, { type: 'strategic', body }, { signal });
}

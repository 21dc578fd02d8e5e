import type { ContainerStatus, Pod, ResourceRequirements } from '@kts/api/types/core-v1';
import { containerAmounts, type ContainerAmounts } from '../pod/container-amounts.ts';
import { findStatus, type AnyContainer } from '../pod/containers.ts';
import type { ResourceList } from '../pod/resource-list.ts';

/**
 * What the pod's status tells a kubelet that starts again about resizes: what was granted, and what has been applied.
 *
 * Mirrors: pkg/kubelet/allocation/state (v1.36)
 * Differs: upstream keeps files of its own; the status says the same and cannot be lost.
 */

/** A resize was waiting for room: the pod goes on with less, or more, than its spec says. */
export function isResizePending(pod: Pod): boolean {
  return hasCondition(pod, 'PodResizePending');
}

/** A resize was being applied. */
export function isResizeInProgress(pod: Pod): boolean {
  return hasCondition(pod, 'PodResizeInProgress');
}

/** The resources that the container had been granted. */
export function grantedResources(pod: Pod, container: AnyContainer): ResourceRequirements {
  const spec = container.resources ?? {};
  const status = statusOf(pod, container.name);
  if (!status?.allocatedResources) return spec;
  return {
    ...spec,
    requests: { ...spec.requests, ...resizable(status.allocatedResources) },
    ...(spec.limits ? { limits: { ...spec.limits, ...resizable(status.resources?.limits) } } : {}),
  };
}

/** What of a resize had been applied to the container; `undefined`: nothing is known. */
export function appliedAmounts(pod: Pod, container: AnyContainer): ContainerAmounts | undefined {
  const status = statusOf(pod, container.name);
  return status?.resources && containerAmounts(status.resources, pod.spec.resources);
}

function hasCondition({ status }: Pod, type: string): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  return findStatus([...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])], name);
}

function resizable(list: ResourceList | undefined): ResourceList {
  return Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => name === 'cpu' || name === 'memory'));
}

import type { Pod } from '@kts/api/types/core-v1';
import { containerAmounts, sameAmounts, type ContainerAmounts } from '../pod/container-amounts.ts';
import type { AnyContainer } from '../pod/containers.ts';
import type { ActionDraft, ContainerResize, ResizeObservation } from './action-draft.ts';
import type { ContainerRecord } from './pod-runtime-status.ts';

/**
 * Plans the change of a running container's resources. Returns false if it must be restarted for that: the kill is
 * planned here, the start is the caller's, which knows the list.
 *
 * Mirrors: pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodResizeAction (v1.36)
 */
export function planContainerResize(
  resize: ResizeObservation,
  pod: Pod,
  container: AnyContainer,
  record: ContainerRecord,
  draft: ActionDraft,
): boolean {
  if (!resize.resizable || record.state !== 'running') return true;
  const desired = containerAmounts(container.resources, pod.spec.resources);
  const current = resize.actuated(container.name) ?? NOTHING_ACTUATED;
  if (sameAmounts(desired, current)) return true;

  const memory = changeOf(desired.memoryLimit, current.memoryLimit, desired.memoryRequest, current.memoryRequest);
  const cpu = changeOf(desired.cpuLimit, current.cpuLimit, desired.cpuRequest, current.cpuRequest);
  if ((memory !== 0 && needsRestart(container, 'memory')) || (cpu !== 0 && needsRestart(container, 'cpu'))) {
    draft.containersToKill.push({
      id: record.id,
      name: record.name,
      message: `Container ${container.name} resize requires restart`,
      reason: '',
    });
    draft.updatePodResources = true;
    return false;
  }
  const entry: ContainerResize = { container, id: record.id, desired, current };
  insert(draft.memoryResizes, entry, memory);
  insert(draft.cpuResizes, entry, cpu);
  return true;
}

const NOTHING_ACTUATED: ContainerAmounts = { cpuRequest: 0, cpuLimit: 0, memoryRequest: 0, memoryLimit: 0 };

/** The limit's change counts; the request's only if the limit stays. */
function changeOf(limit: number, oldLimit: number, request: number, oldRequest: number): number {
  return limit !== oldLimit ? limit - oldLimit : request - oldRequest;
}

/** What shrinks goes first, so that the pod's cgroup never has to hold more than it may. */
function insert(list: ContainerResize[], entry: ContainerResize, change: number): void {
  if (change > 0) list.push(entry);
  else if (change < 0) list.unshift(entry);
}

function needsRestart(container: AnyContainer, resource: 'cpu' | 'memory'): boolean {
  const policy = container.resizePolicy?.find((one) => one.resourceName === resource);
  return policy?.restartPolicy === 'RestartContainer';
}

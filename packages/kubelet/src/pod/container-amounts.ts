import type { ResourceRequirements } from '@kts/api/types/core-v1';
import { milliValue, wholeValue } from './resource-list.ts';

/** CPU in thousandths, memory in bytes; 0: not set. */
export interface ContainerAmounts {
  readonly cpuRequest: number;
  readonly cpuLimit: number;
  readonly memoryRequest: number;
  readonly memoryLimit: number;
}

/** A container's resources; where it has no limit of its own, the pod's limit counts. */
export function containerAmounts(
  resources: ResourceRequirements | undefined,
  podResources: ResourceRequirements | undefined,
): ContainerAmounts {
  return {
    cpuRequest: milliValue(resources?.requests, 'cpu'),
    cpuLimit: milliValue(resources?.limits, 'cpu') || milliValue(podResources?.limits, 'cpu'),
    memoryRequest: wholeValue(resources?.requests, 'memory'),
    memoryLimit: wholeValue(resources?.limits, 'memory') || wholeValue(podResources?.limits, 'memory'),
  };
}

export function sameAmounts(a: ContainerAmounts, b: ContainerAmounts): boolean {
  return (
    a.cpuRequest === b.cpuRequest &&
    a.cpuLimit === b.cpuLimit &&
    a.memoryRequest === b.memoryRequest &&
    a.memoryLimit === b.memoryLimit
  );
}

import type { Pod, PodStatus, ResourceRequirements } from '@kts/api/types/core-v1';
import type { CgroupResources } from '../host/node-host.ts';
import { podLimits, podRequests } from '../pod/pod-resources.ts';
import { formatBytes, formatMilli, milliValue, type ResourceList } from '../pod/resource-list.ts';
import { quotaToMilli, sharesToMilli } from '../runtime/linux-resources.ts';

const CPU_REQUEST_MILLI_MIN = 2;
const CPU_LIMIT_MILLI_MIN = 10;

/**
 * What the pod as a whole may use: what it asked for until it runs, then what its cgroup says.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, convertToAPIPodLevelResourcesStatus (v1.36)
 */
export function podResourcesStatus(
  pod: Pod,
  old: PodStatus,
  cgroup: CgroupResources | undefined,
): ResourceRequirements {
  if (pod.status?.phase !== 'Running') {
    return compact({ ...pod.spec.resources, requests: podRequests(pod), limits: podLimits(pod) });
  }
  const keep = old.phase === 'Running' ? old.resources : undefined;
  const requests: Record<string, string> = { ...pod.spec.resources?.requests };
  const limits: Record<string, string> = { ...pod.spec.resources?.limits };
  const cpuRequest = sharesToMilli(cgroup?.cpuShares ?? 0);
  const cpuLimit = quotaToMilli(cgroup?.cpuQuota ?? -1, cgroup?.cpuPeriod ?? 1);
  const memoryLimit = cgroup?.memoryLimit ?? -1;

  if (cpuRequest === 0) preserve('cpu', keep?.requests, requests);
  else if (cpuRequest > CPU_REQUEST_MILLI_MIN || milliValue(requests, 'cpu') > CPU_REQUEST_MILLI_MIN) {
    requests['cpu'] = formatMilli(cpuRequest);
  }
  const memoryRequest = podRequests(pod)['memory'];
  if (requests['memory'] === undefined && memoryRequest !== undefined) requests['memory'] = memoryRequest;
  preserve('memory', keep?.requests, requests);
  if (cpuLimit === 0) preserve('cpu', keep?.limits, limits);
  else if (cpuLimit > CPU_LIMIT_MILLI_MIN || milliValue(limits, 'cpu') > CPU_LIMIT_MILLI_MIN) {
    limits['cpu'] = formatMilli(cpuLimit);
  }
  if (memoryLimit > 0) limits['memory'] = formatBytes(memoryLimit);
  else preserve('memory', keep?.limits, limits);
  return compact({ ...pod.spec.resources, requests, limits });
}

function preserve(name: string, old: ResourceList | undefined, resources: Record<string, string>): void {
  const value = old?.[name];
  if (value !== undefined) resources[name] = value;
}

function compact(resources: ResourceRequirements): ResourceRequirements {
  return Object.fromEntries(
    Object.entries(resources).filter(([, value]) => Object.keys(value as object).length > 0),
  ) as ResourceRequirements;
}

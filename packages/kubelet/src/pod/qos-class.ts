import type { Pod } from '@kts/api/types/core-v1';
import { addLists, milliValue, sameLists, type ResourceList } from './resource-list.ts';

export type QosClass = 'BestEffort' | 'Burstable' | 'Guaranteed';

/**
 * The pod's quality of service: its cgroup and its fate under memory pressure.
 *
 * Mirrors: pkg/apis/core/v1/helper/qos/qos.go (v1.36)
 */
export function qosClass(pod: Pod): QosClass {
  return pod.status?.qosClass ?? computeQosClass(pod);
}

export function computeQosClass(pod: Pod): QosClass {
  const own = pod.spec.resources;
  const parts = own
    ? [own]
    : [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((c) => c.resources ?? {});
  const requests = addLists(...parts.map((part) => positive(part.requests)));
  const limits = addLists(...parts.map((part) => positive(part.limits)));
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  const allLimited = parts.every((part) => {
    if (own && Object.keys(part.limits ?? {}).length === 0) return true;
    return Object.keys(positive(part.limits)).length === 2;
  });
  return allLimited && sameLists(requests, limits) ? 'Guaranteed' : 'Burstable';
}

function positive(list: ResourceList | undefined): ResourceList {
  return Object.fromEntries(
    Object.entries(list ?? {}).filter(([name]) => (name === 'cpu' || name === 'memory') && milliValue(list, name) > 0),
  );
}

import type { Pod } from '@kts/api/types/core-v1';

/** Whether the pod occupies a node, or is about to: only then can its change make room. */
export function isAssigned(pod: Pod): boolean {
  return Boolean(pod.spec.nodeName) || Boolean(pod.status?.nominatedNodeName);
}

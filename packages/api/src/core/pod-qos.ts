/**
 * The quality-of-service class of a pod.
 *
 * Mirrors: pkg/apis/core/helper/qos/qos.go (v1.36)
 */
import { quantityCompare } from '@kts/apimachinery';
import type { PodSpec, PodStatus } from '../gen/core-v1.gen.ts';
import { addResources, type ResourceList } from './resource-list.ts';

type QosClass = NonNullable<PodStatus['qosClass']>;

const COMPUTE = ['cpu', 'memory'];

/**
 * Guaranteed: limits for cpu and memory everywhere, and requests equal to them. Best effort: no requests or limits at
 * all. Burstable: anything between. Amounts of the pod as a whole count instead of those of its containers.
 */
export function computeQosClass(spec: Pick<PodSpec, 'resources' | 'containers' | 'initContainers'>): QosClass {
  const parts = spec.resources
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ resources }) => resources ?? {});
  let requests: ResourceList = {};
  let limits: ResourceList = {};
  let guaranteed = true;
  for (const part of parts) {
    const limited = computeAmounts(part.limits);
    requests = addResources(requests, computeAmounts(part.requests));
    limits = addResources(limits, limited);
    const needsLimits = !spec.resources || Object.keys(part.limits ?? {}).length > 0;
    if (needsLimits && COMPUTE.some((name) => !(name in limited))) guaranteed = false;
  }
  const names = Object.keys(requests);
  if (names.length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  const equal = names.every((name) => name in limits && quantityCompare(requests[name]!, limits[name]!) === 0);
  return guaranteed && equal && names.length === Object.keys(limits).length ? 'Guaranteed' : 'Burstable';
}

function computeAmounts(amounts: ResourceList | undefined): ResourceList {
  return Object.fromEntries(
    Object.entries(amounts ?? {}).filter(
      ([name, amount]) => COMPUTE.includes(name) && quantityCompare(amount, '0') > 0,
    ),
  );
}

import { podLimits, podRequests, type ResourceAmounts } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { isZeroQuantity, quantityToFloat } from '@kts/apimachinery';
import { gauge } from '@kts/base';

/**
 * What each pod requests and may use, as metrics; pods that have ended use nothing.
 *
 * Mirrors: pkg/scheduler/metrics/resources/resources.go (v1.36)
 */
export function exposePodResources(pods: Iterable<Pod>): string {
  const live = [...pods].filter((pod) => !hasEnded(pod));
  const expose = (name: string, what: string, amountsOf: (pod: Pod) => ResourceAmounts): string =>
    gauge(
      name,
      `[STABLE] Resources ${what} workloads on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.`,
      ['namespace', 'pod', 'node', 'scheduler', 'priority', 'resource', 'unit'],
      () => live.flatMap((pod) => valuesOf(pod, amountsOf(pod))),
    ).expose();
  return (
    expose('kube_pod_resource_limit', 'limit for', podLimits) +
    expose('kube_pod_resource_request', 'requested by', podRequests)
  );
}

function hasEnded({ spec, status }: Pod): boolean {
  return Boolean(spec.nodeName) && (status?.phase === 'Succeeded' || status?.phase === 'Failed');
}

function valuesOf({ metadata, spec }: Pod, amounts: ResourceAmounts): (readonly [string[], number])[] {
  const { namespace, name } = metadata;
  const { nodeName, schedulerName, priority } = spec;
  return Object.entries(amounts)
    .filter(([, amount]) => !isZeroQuantity(amount))
    .map(([resource, amount]) => {
      const labels = [namespace, name, nodeName, schedulerName, priority?.toString(), resource, unitOf(resource)];
      return [labels.map((label) => label ?? ''), quantityToFloat(amount)];
    });
}

const BYTES: ReadonlySet<string> = new Set(['memory', 'storage', 'ephemeral-storage']);

function unitOf(resource: string): string {
  if (resource === 'cpu') return 'cores';
  if (BYTES.has(resource) || resource.startsWith('hugepages-')) return 'bytes';
  return resource.startsWith('attachable-volumes-') ? 'integer' : '';
}

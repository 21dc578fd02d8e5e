import type { Container, ContainerStatus, Pod } from '@kts/api/types/core-v1';
import type { Quantity } from '@kts/apimachinery';
import { amountsOf, type Amounts } from './resources.ts';

/**
 * What a pod asks of a node: the sum over its containers or its largest init container, whichever is more; overridden
 * by requests at pod level; plus overhead. A running container whose resize is under way counts with the larger size.
 *
 * Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go (v1.36)
 */
export interface PodRequestOptions {
  /** Amounts for containers that do not request these resources. */
  readonly missing?: Amounts;
}

type List = Readonly<Record<string, Quantity>>;

export function computePodRequests(pod: Pod, options: PodRequestOptions = {}): Amounts {
  const requests = containerRequests(pod, options);
  for (const [name, amount] of podLevelRequests(pod)) requests.set(name, amount);
  add(requests, amountsOf(pod.spec.overhead));
  return requests;
}

export function hasPodLevelRequests(pod: Pod): boolean {
  return Object.keys(pod.spec.resources?.requests ?? {}).some(isPodLevelResource);
}

function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function podLevelRequests(pod: Pod): Amounts {
  const requests = amountsOf(pod.spec.resources?.requests);
  const effective = pod.status?.resources
    ? effectiveRequests(pod, pod.spec.resources?.requests, pod.status.resources.requests, pod.status.allocatedResources)
    : requests;
  const result = new Map<string, number>();
  for (const name of requests.keys()) if (isPodLevelResource(name)) result.set(name, effective.get(name) ?? 0);
  return result;
}

function containerRequests(pod: Pod, options: PodRequestOptions): Map<string, number> {
  const total = new Map<string, number>();
  for (const container of pod.spec.containers) {
    add(total, requestsOf(pod, container, pod.status?.containerStatuses, options));
  }
  // A restartable init container keeps running beside all that start after it.
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of pod.spec.initContainers ?? []) {
    const restartable = container.restartPolicy === 'Always';
    const own = requestsOf(pod, container, restartable ? pod.status?.initContainerStatuses : undefined, options);
    if (restartable) {
      add(total, own);
      add(sidecars, own);
      raise(starting, sidecars);
    } else {
      const together = new Map(own);
      add(together, sidecars);
      raise(starting, together);
    }
  }
  raise(total, starting);
  return total;
}

function requestsOf(
  pod: Pod,
  container: Container,
  statuses: readonly ContainerStatus[] | undefined,
  options: PodRequestOptions,
): Amounts {
  const status = statuses?.find((candidate) => candidate.name === container.name);
  const requests = status?.resources
    ? effectiveRequests(pod, container.resources?.requests, status.resources.requests, status.allocatedResources)
    : amountsOf(container.resources?.requests);
  for (const [name, amount] of options.missing ?? []) if (!requests.has(name)) requests.set(name, amount);
  return requests;
}

/** During a resize the largest of what is wanted, granted and in force counts; an infeasible wish does not. */
function effectiveRequests(
  pod: Pod,
  wanted: List | undefined,
  actuated: List | undefined,
  allocated: List | undefined,
): Map<string, number> {
  const resize = pod.status?.conditions?.find((condition) => condition.type === 'PodResizePending');
  const effective = resize?.reason === 'Infeasible' ? new Map<string, number>() : amountsOf(wanted);
  raise(effective, amountsOf(actuated));
  raise(effective, amountsOf(allocated));
  return effective;
}

function add(total: Map<string, number>, change: Amounts): void {
  for (const [name, amount] of change) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(floor: Map<string, number>, other: Amounts): void {
  for (const [name, amount] of other) if (amount > (floor.get(name) ?? -1)) floor.set(name, amount);
}

import type { Container, Pod } from '@kts/api/types/core-v1';
import { isRestartableInitContainer } from './containers.ts';
import { addLists, maxLists, milliValue, type ResourceList } from './resource-list.ts';

/**
 * What a pod as a whole asks for and may use: the sum of its containers, or the largest phase of its init containers,
 * overridden by the pod's own resources, plus the overhead of its runtime class.
 *
 * Mirrors: staging/src/k8s.io/component-helpers/resource/helpers.go (v1.36)
 */
export function podRequests(pod: Pod, options: { readonly excludeOverhead?: boolean } = {}): ResourceList {
  const own = supportedPodLevel(pod.spec.resources?.requests);
  const requests = { ...containerRequests(pod), ...own };
  return options.excludeOverhead ? requests : addLists(requests, pod.spec.overhead);
}

export function podLimits(pod: Pod, options: { readonly excludeOverhead?: boolean } = {}): ResourceList {
  const limits: Record<string, string> = {
    ...aggregate(pod, (container) => container.resources?.limits),
    ...supportedPodLevel(pod.spec.resources?.limits),
  };
  if (options.excludeOverhead) return limits;
  for (const [name, amount] of Object.entries(pod.spec.overhead ?? {})) {
    if (milliValue(limits, name) !== 0) limits[name] = addLists({ [name]: limits[name]! }, { [name]: amount })[name]!;
  }
  return limits;
}

/** Without the pod's own requests and without overhead. */
export function containerRequests(pod: Pod): ResourceList {
  return aggregate(pod, (container) => container.resources?.requests);
}

/** The pod has resources of its own that take the place of its containers'. */
export function hasPodLevelResources(pod: Pod): boolean {
  const { requests, limits } = pod.spec.resources ?? {};
  return Object.keys({ ...supportedPodLevel(requests), ...supportedPodLevel(limits) }).length > 0;
}

/** Every limit that a phase of the pod has, for the question whether all of them have one. */
export function phaseLimits(pod: Pod): readonly ResourceList[] {
  const phases: ResourceList[] = pod.spec.containers.map((container) => container.resources?.limits ?? {});
  let sidecars: ResourceList = {};
  for (const container of pod.spec.initContainers ?? []) {
    const limits = container.resources?.limits;
    if (isRestartableInitContainer(container)) {
      sidecars = addLists(sidecars, limits);
      phases.push(sidecars);
    } else phases.push(addLists(limits, sidecars));
  }
  return phases;
}

function aggregate(pod: Pod, amountsOf: (container: Container) => ResourceList | undefined): ResourceList {
  let total = addLists(...pod.spec.containers.map(amountsOf));
  let sidecars: ResourceList = {};
  let largestInit: ResourceList = {};
  for (const container of pod.spec.initContainers ?? []) {
    const amounts = amountsOf(container);
    if (isRestartableInitContainer(container)) {
      total = addLists(total, amounts);
      sidecars = addLists(sidecars, amounts);
      largestInit = maxLists(largestInit, sidecars);
    } else largestInit = maxLists(largestInit, addLists(amounts, sidecars));
  }
  return maxLists(total, largestInit);
}

function supportedPodLevel(list: ResourceList | undefined): ResourceList {
  return Object.fromEntries(
    Object.entries(list ?? {}).filter(([name]) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')),
  );
}

/**
 * Amounts of resources by name, as requests, limits and capacities hold them.
 *
 * Mirrors: pkg/apis/core/helper/helpers.go and staging/src/k8s.io/component-helpers/resource/helpers.go (v1.36)
 */
import { formatQuantity, isQualifiedName, quantityAdd, quantityCompare, type Quantity } from '@kts/apimachinery';
import type { Container, PodSpec } from '../gen/core-v1.gen.ts';
import { isSidecar } from './pod-containers-of.ts';

export type ResourceList = Readonly<Record<string, Quantity>>;

export const HUGE_PAGES_PREFIX = 'hugepages-';
const REQUESTS_PREFIX = 'requests.';

const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);
const INTEGER_RESOURCES = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const QUOTA_RESOURCES = new Set([
  ...CONTAINER_RESOURCES,
  ...INTEGER_RESOURCES,
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);

export const isHugePageResource = (name: string): boolean => name.startsWith(HUGE_PAGES_PREFIX);

const isQuotaHugePageResource = (name: string): boolean =>
  name.startsWith(HUGE_PAGES_PREFIX) || name.startsWith(`${REQUESTS_PREFIX}${HUGE_PAGES_PREFIX}`);

/** A name without a domain, or with one of Kubernetes' own. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

/** A device or the like that a plugin provides, such as `example.com/gpu`. */
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) &&
  !name.startsWith(REQUESTS_PREFIX) &&
  isQualifiedName(`${REQUESTS_PREFIX}${name}`).length === 0;

export const isStandardContainerResource = (name: string): boolean =>
  CONTAINER_RESOURCES.has(name) || isHugePageResource(name);

export const isStandardQuotaResource = (name: string): boolean =>
  QUOTA_RESOURCES.has(name) || isQuotaHugePageResource(name);

export const isStandardResource = (name: string): boolean => isStandardQuotaResource(name) || name === 'storage';

/** Counted in whole numbers. */
export const isIntegerResource = (name: string): boolean => INTEGER_RESOURCES.has(name) || isExtendedResource(name);

/** Whether a request may be lower than the limit. */
export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePageResource(name);

export const isPodLevelResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || isHugePageResource(name);

export function addResources(a: ResourceList, b: ResourceList = {}): ResourceList {
  return combine(a, b, (x, y) => formatQuantity(quantityAdd(x, y)));
}

export function maxResources(a: ResourceList, b: ResourceList = {}): ResourceList {
  return combine(a, b, (x, y) => (quantityCompare(x, y) >= 0 ? x : y));
}

function combine(a: ResourceList, b: ResourceList, both: (x: Quantity, y: Quantity) => Quantity): ResourceList {
  const result: Record<string, Quantity> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = result[name];
    result[name] = other === undefined ? amount : both(other, amount);
  }
  return result;
}

/**
 * What the containers of a pod need together: regular containers and sidecars run at the same time, the other init
 * containers one by one before, each beside the sidecars that have started by then.
 */
export function aggregateContainerResources(
  spec: Pick<PodSpec, 'containers' | 'initContainers'>,
  which: 'requests' | 'limits',
): ResourceList {
  const amounts = (container: Container): ResourceList => container.resources?.[which] ?? {};
  let total: ResourceList = {};
  for (const container of spec.containers ?? []) total = addResources(total, amounts(container));
  let sidecars: ResourceList = {};
  let initial: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) {
      total = addResources(total, amounts(container));
      sidecars = addResources(sidecars, amounts(container));
      initial = maxResources(initial, sidecars);
    } else initial = maxResources(initial, addResources(sidecars, amounts(container)));
  }
  return maxResources(total, initial);
}

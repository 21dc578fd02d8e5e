import type { Container, ContainerExtendedResourceRequest, Pod } from '@kts/api/types/core-v1';
import type { DeviceRequest, ResourceClaim } from '@kts/api/types/resource-v1';
import { quantityToNumber } from '@kts/apimachinery';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Lister } from '../framework/snapshot.ts';
import { mayBeDevices, type DeviceClasses } from './device-classes.ts';

/**
 * Extended resources that stand for devices: a pod that requests them gets a claim of its own, which the scheduler makes
 * for the node it has chosen.
 *
 * Mirrors: pkg/scheduler/framework/plugins/dynamicresources/extendeddynamicresources.go (v1.36)
 * Differs: no claim is made where the node has the resources without devices, also if the pod has other claims.
 */
export interface DevicesForResources {
  readonly requests: readonly DeviceRequest[];
  /** Which request is for which resource of which container. */
  readonly mappings: readonly ContainerExtendedResourceRequest[];
}

const CLAIM_ANNOTATION = 'resource.kubernetes.io/extended-resource-claim';
/** Until the claim is created it has this name, which no object can have. */
const NAME_IN_MEMORY = '<extended-resources>';

/** The pod's claim for its resources, made before or still to be made; `undefined` if it needs none. */
export function extendedResourceClaim(
  { pod, requests }: PodInfo,
  claims: Lister<ResourceClaim>,
  classes: DeviceClasses,
  newUid: () => string,
): ResourceClaim | undefined {
  const isBacked = ([name, amount]: readonly [string, number]): boolean =>
    amount !== 0 && mayBeDevices(name) && classes.forResource(name) !== undefined;
  if (![...requests.scalar].some(isBacked)) return undefined;
  const { namespace, name, uid } = pod.metadata;
  const isOwn = ({ metadata }: ResourceClaim): boolean =>
    metadata.annotations?.[CLAIM_ANNOTATION] === 'true' &&
    (metadata.ownerReferences ?? []).some((owner) => owner.controller && owner.name === name && owner.uid === uid);
  return claims.list(namespace).find(isOwn) ?? claimInMemory(pod, newUid());
}

export function isInMemory({ metadata }: ResourceClaim): boolean {
  return metadata.name === NAME_IN_MEMORY;
}

/**
 * Which of the pod's resources must come from devices on this node: those that it has none of. `undefined` if the node
 * knows nothing of one of them.
 */
export function resourcesFromDevices(
  { requests }: PodInfo,
  { allocatable }: NodeInfo,
  classes: DeviceClasses,
): readonly string[] | undefined {
  const names: string[] = [];
  for (const [name, amount] of requests.scalar) {
    if (amount === 0 || !mayBeDevices(name)) continue;
    const own = allocatable.scalar.get(name);
    if (!own && classes.forResource(name) !== undefined) names.push(name);
    else if (own === undefined) return undefined;
  }
  return names.sort();
}

/** Devices that stay with a container are its own; those of init containers that end can be used again. */
export function devicesForResources(
  { spec }: Pod,
  resources: readonly string[],
  classes: DeviceClasses,
): DevicesForResources {
  const init = spec.initContainers ?? [];
  const containers = [...init, ...spec.containers];
  const isShortLived = (index: number): boolean => index < init.length && containers[index]!.restartPolicy !== 'Always';
  const requests: DeviceRequest[] = [];
  const mappings: ContainerExtendedResourceRequest[] = [];
  for (const resource of resources) {
    const className = classes.forResource(resource)?.metadata.name;
    if (className === undefined) continue;
    const wants = containers.map((container, index) => ({ container, index, wanted: amountOf(container, resource) }));
    const lasting = wants.filter(({ index, wanted }) => wanted > 0 && !isShortLived(index));
    const own = lasting.map(({ container, index, wanted }) =>
      deviceRequest(container, index, resource, className, wanted),
    );
    requests.push(...own);
    mappings.push(...lasting.map(({ container }, at) => mapping(container, resource, own[at]!.name)));
    const passing = wants.filter(({ index, wanted }) => wanted > 0 && isShortLived(index));
    const reuse = passing.map(({ container, index, wanted }) => {
      const later = own.filter((_, at) => lasting[at]!.index >= index);
      return { container, index, ...reusable(later, wanted) };
    });
    const largest = reuse.reduce<(typeof reuse)[number] | undefined>(
      (most, one) => (one.missing > (most?.missing ?? 0) ? one : most),
      undefined,
    );
    const shared = largest && deviceRequest(largest.container, largest.index, resource, className, largest.missing);
    if (shared) requests.push(shared);
    for (const { container, reused, missing } of reuse) {
      mappings.push(...reused.map((name) => mapping(container, resource, name)));
      if (missing > 0) mappings.push(mapping(container, resource, shared!.name));
    }
  }
  return { requests: requests.sort((one, other) => (one.name < other.name ? -1 : 1)), mappings };
}

/** Requests whose devices the container can use before their owners start, and how many more it needs. */
function reusable(
  later: readonly DeviceRequest[],
  wanted: number,
): { readonly reused: readonly string[]; readonly missing: number } {
  const reused: string[] = [];
  let missing = wanted;
  for (const { name, exactly } of later) {
    if (missing <= 0) break;
    reused.push(name);
    missing -= exactly!.count!;
  }
  return { reused, missing: Math.max(0, missing) };
}

function deviceRequest(
  { resources }: Container,
  index: number,
  resource: string,
  deviceClassName: string,
  count: number,
): DeviceRequest {
  const number = Object.keys(resources?.requests ?? {})
    .sort()
    .indexOf(resource);
  return {
    name: `container-${index}-request-${number}`,
    exactly: { deviceClassName, allocationMode: 'ExactCount', count },
  };
}

function mapping({ name }: Container, resourceName: string, requestName: string): ContainerExtendedResourceRequest {
  return { containerName: name, resourceName, requestName };
}

function amountOf({ resources }: Container, resource: string): number {
  return quantityToNumber(resources?.requests?.[resource] ?? '0');
}

function claimInMemory({ metadata: { namespace, name, uid } }: Pod, claimUid: string): ResourceClaim {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      namespace,
      name: NAME_IN_MEMORY,
      uid: claimUid,
      resourceVersion: '0',
      creationTimestamp: '',
      generateName: `${name}-extended-resources-`,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
      annotations: { [CLAIM_ANNOTATION]: 'true' },
    },
    spec: {},
  };
}

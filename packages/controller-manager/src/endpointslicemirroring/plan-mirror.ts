/**
 * The EndpointSlices that say what hand-made Endpoints say. Pure.
 *
 * Mirrors: pkg/controller/endpointslicemirroring/reconciler.go, utils.go (v1.36)
 */
import { endpoints as endpointsType } from '@kts/api';
import type { EndpointAddress, Endpoints, EndpointSubset } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@kts/api/types/discovery-v1';
import { deepEqual, nameIsDNSSubdomain, type Labels, type New } from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { isIPv6 } from '../endpoints/pod-endpoints.ts';
import { sortSlicePorts } from '../endpoints/port-order.ts';
import { repackSubsets } from '../endpoints/repack-subsets.ts';
import {
  endpointKey,
  MANAGED_BY_LABEL,
  portsKey,
  sameEndpoint,
  SERVICE_NAME_LABEL,
  type AddressType,
} from '../endpointslice/slice-parts.ts';

export const MIRROR_MANAGER = 'endpointslicemirroring-controller.k8s.io';
/** Annotations that concern the Endpoints object alone. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);
const TYPES: readonly AddressType[] = ['IPv4', 'IPv6'];

export interface MirrorObserved {
  readonly endpoints: Endpoints;
  /** Those that mirror it now. */
  readonly slices: readonly EndpointSlice[];
  readonly addressesPerSubsetMax: number;
}

export interface MirrorPlan {
  readonly create: readonly New<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
  /** Addresses beyond the limit, to be told. */
  readonly skipped: number;
}

interface Group {
  readonly type: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

export function planMirror({ endpoints, slices, addressesPerSubsetMax }: MirrorObserved): MirrorPlan {
  const { groups, skipped } = wantedGroups(endpoints.subsets ?? [], addressesPerSubsetMax);
  const present = Map.groupBy(slices, ({ addressType, ports }) => groupKey(addressType, ports ?? []));
  const create: New<EndpointSlice>[] = [];
  const update: EndpointSlice[] = [];
  const obsolete = [...present].filter(([key]) => !groups.has(key)).flatMap(([, ofGroup]) => ofGroup);
  for (const [key, group] of groups) {
    const [first, ...others] = present.get(key) ?? [];
    obsolete.push(...others);
    if (group.endpoints.size === 0) obsolete.push(...(first ? [first] : []));
    else if (!first) create.push(mirrorOf(endpoints, group));
    else if (!isCurrent(first, endpoints, group)) update.push(rewritten(first, mirrorOf(endpoints, group)));
  }
  return { ...recycle({ create, update, delete: obsolete }), skipped };
}

function groupKey(type: string, ports: readonly EndpointPort[]): string {
  return `${type}-${portsKey(ports)}`;
}

function wantedGroups(
  subsets: readonly EndpointSubset[],
  max: number,
): { groups: Map<string, Group>; skipped: number } {
  const groups = new Map<string, Group>();
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of repackSubsets(subsets)) {
    const slicePorts = sortSlicePorts(
      ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
        name,
        port,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      })),
    );
    const [ipv4, ipv6] = TYPES.map((type) =>
      groups.getOrInsertComputed(groupKey(type, slicePorts), () => ({ type, ports: slicePorts, endpoints: new Map() })),
    );
    const all = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ];
    for (const endpoint of all.slice(0, max)) {
      const group = isIPv6(endpoint.addresses[0] ?? '') ? ipv6 : ipv4;
      group?.endpoints.set(endpointKey(endpoint), endpoint);
    }
    skipped += Math.max(0, all.length - max);
  }
  return { groups, skipped };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(targetRef ? { targetRef } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function mirrorOf(endpoints: Endpoints, { type, ports, endpoints: wanted }: Group): New<EndpointSlice> {
  const { name, namespace, labels } = endpoints.metadata;
  const prefix = `${name}-`;
  return {
    metadata: {
      generateName: nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : name,
      namespace,
      labels: { ...labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MIRROR_MANAGER },
      annotations: mirroredAnnotations(endpoints),
      ownerReferences: [newControllerRef(endpoints, endpointsType)],
    },
    addressType: type,
    endpoints: [...wanted.values()],
    ports,
  };
}

function mirroredAnnotations({ metadata }: Endpoints): Labels {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !OWN_ANNOTATIONS.has(key)));
}

function isCurrent(slice: EndpointSlice, endpoints: Endpoints, { endpoints: wanted }: Group): boolean {
  const present = slice.endpoints ?? [];
  const same = present.every((endpoint) => {
    const other = wanted.get(endpointKey(endpoint));
    return other !== undefined && sameEndpoint(endpoint, other);
  });
  const { [SERVICE_NAME_LABEL]: _service, [MANAGED_BY_LABEL]: _manager, ...labels } = slice.metadata.labels ?? {};
  const isOfFormer = (slice.metadata.ownerReferences ?? []).some(
    ({ kind, name, uid }) => kind === 'Endpoints' && name === endpoints.metadata.name && uid !== endpoints.metadata.uid,
  );
  return (
    same &&
    present.length === wanted.size &&
    !isOfFormer &&
    deepEqual(labels, endpoints.metadata.labels ?? {}) &&
    deepEqual(slice.metadata.annotations ?? {}, mirroredAnnotations(endpoints))
  );
}

/** The slice with the content of another. */
function rewritten(slice: EndpointSlice, { metadata, endpoints, ports }: New<EndpointSlice>): EndpointSlice {
  const { generateName: _name, ...rest } = metadata;
  return { ...slice, metadata: { ...slice.metadata, ...rest }, endpoints: endpoints ?? [], ports: ports ?? [] };
}

/** Slices to delete take the content of those to create. */
function recycle(plan: Omit<MirrorPlan, 'skipped'>): Omit<MirrorPlan, 'skipped'> {
  const create = [...plan.create];
  const update = [...plan.update];
  const left = plan.delete.filter((slice) => {
    const index = create.findIndex(({ addressType }) => addressType === slice.addressType);
    if (index < 0) return true;
    const [content] = create.splice(index, 1);
    if (content) update.push(rewritten(slice, content));
    return false;
  });
  return { create, update, delete: left };
}

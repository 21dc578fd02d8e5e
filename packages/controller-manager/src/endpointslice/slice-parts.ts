/**
 * What EndpointSlices are made of.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/utils.go (v1.36)
 */
import { services } from '@kts/api';
import type { Node, Pod, Service } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@kts/api/types/discovery-v1';
import { deepEqual, nameIsDNSSubdomain, type Labels, type New } from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { findPort, hasHostnameIn, isHeadless, isIPv6 } from '../endpoints/pod-endpoints.ts';
import { sortSlicePorts } from '../endpoints/port-order.ts';
import { isPodReady } from '../pods/pod-state.ts';

export const MANAGER = 'endpointslice-controller.k8s.io';
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const RESERVED_LABELS: ReadonlySet<string> = new Set([SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL]);

export type AddressType = 'IPv4' | 'IPv6';

export function endpointOf(pod: Pod, node: Node | undefined, service: Service, addressType: AddressType): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = Boolean(service.spec?.publishNotReadyAddresses) || (serving && !terminating);
  const { name, namespace, uid } = pod.metadata;
  const zone = node?.metadata.labels?.[ZONE_LABEL];
  const { nodeName, hostname } = pod.spec;
  return {
    addresses: (pod.status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => isIPv6(ip) === (addressType === 'IPv6')),
    conditions: { ready, serving, terminating },
    ...(hostname && hasHostnameIn(service, pod) ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
  };
}

/** Made once for each endpoint: slices keep those that do not change. */
const endpointKeys = new WeakMap<Endpoint, string>();

/** Two endpoints with the same key are the same one at different times. */
export function endpointKey(endpoint: Endpoint): string {
  const known = endpointKeys.get(endpoint);
  if (known !== undefined) return known;
  const { addresses, hostname = '', targetRef } = endpoint;
  const key = JSON.stringify([addresses.toSorted(), hostname, targetRef?.namespace ?? '', targetRef?.name ?? '']);
  endpointKeys.set(endpoint, key);
  return key;
}

/** Whether two endpoints of the same key are equal in all that may change. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  const { resourceVersion: _a, ...refA } = a.targetRef ?? {};
  const { resourceVersion: _b, ...refB } = b.targetRef ?? {};
  return (
    a.nodeName === b.nodeName && a.zone === b.zone && deepEqual(a.conditions, b.conditions) && deepEqual(refA, refB)
  );
}

/** The ports at which the pod serves; those of the Service that it does not have are left out. */
export function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  const ports = (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
  return sortSlicePorts(ports);
}

export function portsKey(ports: readonly EndpointPort[]): string {
  const parts = sortSlicePorts(ports).map(({ name, protocol, port, appProtocol }) => [
    name ?? null,
    protocol ?? null,
    port ?? null,
    appProtocol ?? null,
  ]);
  return JSON.stringify(parts);
}

export function newSlice(
  service: Service,
  ports: readonly EndpointPort[],
  addressType: AddressType,
): New<EndpointSlice> {
  const { name, namespace } = service.metadata;
  const prefix = `${name}-`;
  return {
    metadata: {
      generateName: nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : name,
      namespace,
      ownerReferences: [newControllerRef(service, services)],
      labels: sliceLabels(service, undefined).labels,
    },
    addressType,
    endpoints: [],
    ports,
  };
}

/** The Service's labels, and those that say whose slice it is. `changed`: the Service's are not what the slice has. */
export function sliceLabels(
  service: Service,
  present: Labels | undefined,
): { readonly labels: Labels; readonly changed: boolean } {
  const own = withoutReserved(service.metadata.labels);
  return {
    labels: {
      ...own,
      ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
      [SERVICE_NAME_LABEL]: service.metadata.name,
      [MANAGED_BY_LABEL]: MANAGER,
    },
    changed: !deepEqual(own, withoutReserved(present)),
  };
}

function withoutReserved(labels: Labels | undefined): Labels {
  return Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !RESERVED_LABELS.has(key)));
}

export function isSliceOf({ metadata }: EndpointSlice, service: Service): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ uid, kind, apiVersion }) => uid === service.metadata.uid && kind === 'Service' && apiVersion === 'v1',
  );
}

export function addressTypesOf({ spec }: Service): readonly AddressType[] {
  const families = (spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  if (!spec?.clusterIP || spec.clusterIP === 'None') return ['IPv4', 'IPv6'];
  return [isIPv6(spec.clusterIP) ? 'IPv6' : 'IPv4'];
}

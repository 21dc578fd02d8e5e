/**
 * The Endpoints object of a Service. Pure.
 *
 * Mirrors: pkg/controller/endpoint/endpoints_controller.go (v1.36)
 */
import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from '@kts/api/types/core-v1';
import { deepEqual, type Labels, type New } from '@kts/apimachinery';

import { isPodReady } from '../pods/pod-state.ts';
import { findPort, hasHostnameIn, isHeadless, isIPv6, mayBeEndpoint } from './pod-endpoints.ts';
import { repackSubsets } from './repack-subsets.ts';

const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
const MANAGER = 'endpoint-controller';
const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';
const ADDRESSES_MAX = 1000;

export interface Observed {
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  readonly present: Endpoints | undefined;
}

export type EndpointsPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'create'; readonly endpoints: New<Endpoints> }
  | { readonly do: 'update'; readonly endpoints: Endpoints };

export function planEndpoints({ service, pods, present }: Observed): EndpointsPlan {
  const subsets = repackSubsets(pods.flatMap((pod) => subsetsOf(service, pod)));
  if (present && isCurrent(present, service, subsets)) return { do: 'nothing' };
  const { subsets: fitting, cut } = truncate(subsets);
  const labels: Labels = {
    ...withoutOwn(service.metadata.labels),
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
    [MANAGED_BY_LABEL]: MANAGER,
  };
  const { [OVER_CAPACITY_ANNOTATION]: _before, ...others } = present?.metadata.annotations ?? {};
  const annotations = cut ? { ...others, [OVER_CAPACITY_ANNOTATION]: 'truncated' } : others;
  if (present) {
    return {
      do: 'update',
      endpoints: { ...present, metadata: { ...present.metadata, labels, annotations }, subsets: fitting },
    };
  }
  const { name, namespace } = service.metadata;
  return { do: 'create', endpoints: { metadata: { name, namespace, labels, annotations }, subsets: fitting } };
}

function subsetsOf(service: Service, pod: Pod): readonly EndpointSubset[] {
  const { publishNotReadyAddresses = false, ports = [] } = service.spec ?? {};
  if (!mayBeEndpoint(pod, publishNotReadyAddresses)) return [];
  const address = addressOf(service, pod);
  if (!address) return [];
  const reachable =
    publishNotReadyAddresses || isPodReady(pod) ? { addresses: [address] } : { notReadyAddresses: [address] };
  if (ports.length === 0) return service.spec?.clusterIP === 'None' ? [reachable] : [];
  return ports.flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name, protocol, appProtocol } = servicePort;
    const endpointPort = {
      ...(name ? { name } : {}),
      port,
      ...(protocol ? { protocol } : {}),
      ...(appProtocol === undefined ? {} : { appProtocol }),
    };
    return [{ ...reachable, ports: [endpointPort] }];
  });
}

/** The pod's address in the Service's first family. */
function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const { clusterIP, ipFamilies = [] } = service.spec ?? {};
  const guide = clusterIP && clusterIP !== 'None' ? clusterIP : (pod.status?.podIP ?? '');
  const wantsIPv6 = ipFamilies[0] ? ipFamilies[0] === 'IPv6' : isIPv6(guide);
  const ip = pod.status?.podIPs?.map((each) => each.ip).find((each) => isIPv6(each) === wantsIPv6);
  if (ip === undefined) return undefined;
  const { name, namespace, uid } = pod.metadata;
  const { hostname, nodeName } = pod.spec;
  return {
    ip,
    ...(hostname && hasHostnameIn(service, pod) ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function isCurrent(
  { metadata, subsets = [] }: Endpoints,
  service: Service,
  wanted: readonly EndpointSubset[],
): boolean {
  return (
    metadata.labels?.[MANAGED_BY_LABEL] === MANAGER &&
    deepEqual(withoutOwn(metadata.labels), withoutOwn(service.metadata.labels)) &&
    countAddresses(subsets) <= ADDRESSES_MAX &&
    metadata.annotations?.[OVER_CAPACITY_ANNOTATION] === undefined &&
    deepEqual(repackSubsets(subsets.map(withoutVersions)), wanted)
  );
}

/** Labels that do not come from the Service. */
function withoutOwn(labels: Labels | undefined): Labels {
  const { [HEADLESS_LABEL]: _headless, [MANAGED_BY_LABEL]: _manager, ...rest } = labels ?? {};
  return rest;
}

/** Others may have written which version of a pod they meant; it says nothing. */
function withoutVersions({ addresses, notReadyAddresses, ...rest }: EndpointSubset): EndpointSubset {
  const strip = (address: EndpointAddress): EndpointAddress => {
    if (!address.targetRef) return address;
    const { resourceVersion: _version, ...targetRef } = address.targetRef;
    return { ...address, targetRef };
  };
  return {
    ...rest,
    ...(addresses ? { addresses: addresses.map(strip) } : {}),
    ...(notReadyAddresses ? { notReadyAddresses: notReadyAddresses.map(strip) } : {}),
  };
}

function countAddresses(subsets: readonly EndpointSubset[]): number {
  return subsets.reduce(
    (sum, { addresses = [], notReadyAddresses = [] }) => sum + addresses.length + notReadyAddresses.length,
    0,
  );
}

/** One object can only be so large: ready addresses stay before others, each subset keeps its share. */
function truncate(subsets: readonly EndpointSubset[]): { subsets: readonly EndpointSubset[]; cut: boolean } {
  if (countAddresses(subsets) <= ADDRESSES_MAX) return { subsets, cut: false };
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const cutsReady = ready > ADDRESSES_MAX;
  const room = cutsReady ? ADDRESSES_MAX : ADDRESSES_MAX - ready;
  const total = cutsReady ? ready : countAddresses(subsets) - ready;
  let left = room;
  const take = (addresses: readonly EndpointAddress[]): readonly EndpointAddress[] => {
    const taken = addresses.slice(0, Math.min(left, Math.ceil((addresses.length / total) * room)));
    left -= taken.length;
    return taken;
  };
  return {
    cut: true,
    subsets: subsets.map(({ addresses = [], notReadyAddresses = [], ...rest }) =>
      cutsReady
        ? { ...rest, addresses: take(addresses) }
        : { ...rest, addresses, notReadyAddresses: take(notReadyAddresses) },
    ),
  };
}

/**
 * What the rules of a node take from the node itself: which packets come from pods, where node ports answer,
 * and which addresses are Services'.
 *
 * Mirrors: getLocalDetectors and detectNodeIPs in cmd/kube-proxy/app (v1.36)
 * Differs: ranges for node ports hold wherever the address is the node's, whatever interfaces come and go.
 */
import { isIP } from 'node:net';

import type { Node } from '@kts/api/types/core-v1';
import type { ServiceCIDR } from '@kts/api/types/networking-v1';

import { PRIMARY_ADDRESSES, type ProxyConfiguration } from './configuration/proxy-configuration.ts';
import { familyOf, type IpFamily } from './service-routes.ts';

/** How packets of pods are told from others. */
export type PodTraffic =
  | { readonly by: 'address'; readonly ranges: readonly string[] }
  /** `cni0`, or with a `*` at its end the beginning of names. */
  | { readonly by: 'interface'; readonly name: string };

export interface NodeTraffic {
  /** Absent: packets of pods cannot be told from others. */
  readonly fromPods?: PodTraffic;
  /** Of the node's own addresses; empty: all of them. */
  readonly nodePortRanges: readonly string[];
  /** Whose addresses only Services may have: packets to others go nowhere. */
  readonly serviceRanges: readonly string[];
}

export type TrafficConfiguration = Pick<
  ProxyConfiguration,
  'bindAddress' | 'clusterCIDR' | 'detectLocal' | 'detectLocalMode' | 'nodePortAddresses'
>;

/** For one IP family; a node that is not known yet has no addresses. */
export function computeNodeTraffic(
  configuration: TrafficConfiguration,
  node: Node | undefined,
  serviceCIDRs: Iterable<ServiceCIDR>,
  family: IpFamily,
): NodeTraffic {
  const fromPods = podTraffic(configuration, node, family);
  const serviceRanges = [...serviceCIDRs].flatMap(({ spec }) => spec?.cidrs ?? []);
  return {
    ...(fromPods ? { fromPods } : {}),
    nodePortRanges: nodePortRanges(configuration, node, family),
    serviceRanges: [...new Set(serviceRanges)].filter((range) => familyOf(range) === family).sort(),
  };
}

function podTraffic(
  { clusterCIDR, detectLocal, detectLocalMode }: TrafficConfiguration,
  node: Node | undefined,
  family: IpFamily,
): PodTraffic | undefined {
  switch (detectLocalMode) {
    case 'BridgeInterface':
      return { by: 'interface', name: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { by: 'interface', name: `${detectLocal.interfaceNamePrefix}*` };
    default: {
      const all = detectLocalMode === 'NodeCIDR' ? (node?.spec?.podCIDRs ?? []) : clusterCIDR.split(',');
      const ranges = all.filter((range) => range !== '' && familyOf(range) === family);
      return ranges.length > 0 ? { by: 'address', ranges } : undefined;
    }
  }
}

function nodePortRanges(
  { bindAddress, nodePortAddresses }: TrafficConfiguration,
  node: Node | undefined,
  family: IpFamily,
): readonly string[] {
  const isPrimary = nodePortAddresses.length === 0 || nodePortAddresses[0] === PRIMARY_ADDRESSES;
  const ranges = isPrimary ? [primaryAddress(bindAddress, node, family)] : nodePortAddresses;
  const own = ranges.filter((range): range is string => range !== undefined && familyOf(range) === family);
  return own.some((range) => range.endsWith('/0')) ? [] : own;
}

/** The node's first internal address of the family, else its first external one. */
function primaryAddress(bindAddress: string, node: Node | undefined, family: IpFamily): string | undefined {
  const isGiven = bindAddress !== '' && bindAddress !== '0.0.0.0' && bindAddress !== '::';
  if (isGiven && familyOf(bindAddress) === family) return bindAddress;
  const addresses = node?.status?.addresses ?? [];
  const isOwn = (address: string): boolean => isIP(address) !== 0 && familyOf(address) === family;
  for (const wanted of ['InternalIP', 'ExternalIP']) {
    const found = addresses.find(({ type, address }) => type === wanted && isOwn(address));
    if (found) return found.address;
  }
  return undefined;
}

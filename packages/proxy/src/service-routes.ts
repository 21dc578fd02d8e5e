/**
 * What a node's proxy has to do, computed from Services and EndpointSlices alone. Backends turn it into kernel rules.
 *
 * Mirrors: pkg/proxy/servicechangetracker.go, endpointschangetracker.go, topology.go (v1.36)
 */
import { BlockList } from 'node:net';

import type { Service, ServicePort } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointSlice } from '@kts/api/types/discovery-v1';

export type IpFamily = 'IPv4' | 'IPv6';
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** Where connections to one port of a Service may go. */
export interface Backend {
  readonly ip: string;
  readonly port: number;
}

/** The node that is proxied for, as far as it decides where connections go. */
export interface ProxyNode {
  readonly name: string;
  /** Its label `topology.kubernetes.io/zone`. */
  readonly zone?: string;
  readonly addresses?: readonly string[];
}

/** One port of one Service in one IP family. */
export interface ServiceRoute {
  /** `namespace/name:port/protocol`: identifies the route over time. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  /** Clients that may use the load balancer's addresses; empty: all. */
  readonly sourceRanges: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  /** For connections to the cluster IP. */
  readonly clusterBackends: readonly Backend[];
  /** For connections from outside; other than the cluster's only with externalTrafficPolicy Local. */
  readonly externalBackends: readonly Backend[];
  /** For connections from this node and its pods to the outside addresses, which no policy Local restricts. */
  readonly insideBackends: readonly Backend[];
  /** All that serve, whatever policies and preferences say: what is under way there may go on. */
  readonly servingBackends: readonly Backend[];
  /** externalTrafficPolicy Local: the client's address is kept. */
  readonly keepsClientAddress: boolean;
  /** The Service has usable endpoints somewhere: connections are dropped here rather than refused. */
  readonly hasAnyBackend: boolean;
  /** Seconds a client sticks to its endpoint; 0: no affinity. */
  readonly affinitySeconds: number;
}

/** A Service is left alone by this proxy if another implementation was asked for. */
const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const AFFINITY_SECONDS_DEFAULT = 10_800;

/** All routes of one IP family, in a stable order. `node` decides what is local and what is near. */
export function computeServiceRoutes(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  node: ProxyNode,
  family: IpFamily,
): readonly ServiceRoute[] {
  const slicesOf = Map.groupBy(
    [...slices].filter(
      (slice) => slice.addressType === family && slice.metadata.labels?.[HEADLESS_LABEL] === undefined,
    ),
    (slice) => `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`,
  );
  const routes: ServiceRoute[] = [];
  for (const service of services) {
    const clusterIP = clusterAddress(service, family);
    if (clusterIP === undefined) continue;
    const own = slicesOf.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
    for (const port of service.spec.ports ?? []) routes.push(routeOf(service, port, clusterIP, own, node, family));
  }
  return routes.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The address to proxy; undefined for headless, ExternalName and other proxies' Services. */
function clusterAddress(service: Service, family: IpFamily): string | undefined {
  const { spec, metadata } = service;
  if (spec.type === 'ExternalName' || metadata.labels?.[PROXY_NAME_LABEL] !== undefined) return undefined;
  if (!spec.clusterIP || spec.clusterIP === 'None') return undefined;
  return (spec.clusterIPs ?? [spec.clusterIP]).find((ip) => familyOf(ip) === family);
}

function routeOf(
  service: Service,
  port: ServicePort,
  clusterIP: string,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
  family: IpFamily,
): ServiceRoute {
  const { spec, metadata } = service;
  const protocol = port.protocol ?? 'TCP';
  const endpoints = endpointsOf(slices, port.name ?? '', protocol);
  const usable = usableEndpoints(endpoints, node);
  const keepsClientAddress = spec.externalTrafficPolicy === 'Local' && spec.type !== 'ClusterIP';
  const loadBalancerIPs = (service.status?.loadBalancer?.ingress ?? [])
    .filter((ingress) => ingress.ip !== undefined && (ingress.ipMode ?? 'VIP') === 'VIP')
    .map((ingress) => ingress.ip!)
    .filter((ip) => familyOf(ip) === family);
  return {
    id: `${metadata.namespace}/${metadata.name}:${port.name ?? ''}/${protocol.toLowerCase()}`,
    namespace: metadata.namespace,
    name: metadata.name,
    portName: port.name ?? '',
    protocol,
    clusterIP,
    port: port.port,
    nodePort: port.nodePort ?? 0,
    externalIPs: (spec.externalIPs ?? []).filter((ip) => familyOf(ip) === family),
    sourceRanges: sourceRanges(spec.loadBalancerSourceRanges ?? [], loadBalancerIPs, node, family),
    loadBalancerIPs,
    clusterBackends: backends(spec.internalTrafficPolicy === 'Local' ? usable.local : usable.near),
    externalBackends: backends(keepsClientAddress ? usable.local : usable.near),
    insideBackends: backends(usable.near),
    servingBackends: backends(endpoints.filter(({ endpoint }) => isServing(endpoint))),
    keepsClientAddress,
    hasAnyBackend: usable.near.length > 0,
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP'
        ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS_DEFAULT)
        : 0,
  };
}

interface PortEndpoint {
  readonly endpoint: Endpoint;
  readonly backend: Backend;
}

function endpointsOf(slices: readonly EndpointSlice[], portName: string, protocol: Protocol): readonly PortEndpoint[] {
  return slices.flatMap((slice) => {
    const port = slice.ports?.find(
      (each) => (each.name ?? '') === portName && (each.protocol ?? 'TCP') === protocol,
    )?.port;
    if (port === undefined) return [];
    return (slice.endpoints ?? [])
      .filter((endpoint) => endpoint.addresses[0] !== undefined)
      .map((endpoint) => ({ endpoint, backend: { ip: endpoint.addresses[0]!, port } }));
  });
}

interface UsableEndpoints {
  /** Of the whole cluster, or of this node's zone or this node where the endpoints say that this is preferred. */
  readonly near: readonly PortEndpoint[];
  /** Of this node. */
  readonly local: readonly PortEndpoint[];
}

/**
 * Ready endpoints; where there are none, those that still serve while they terminate, so that the last pods of a
 * rollout finish their work. Decided for the whole cluster and for this node on its own.
 */
function usableEndpoints(endpoints: readonly PortEndpoint[], node: ProxyNode): UsableEndpoints {
  const ready = endpoints.filter(({ endpoint }) => isReady(endpoint));
  const terminating = endpoints.filter(
    ({ endpoint }) => endpoint.conditions?.terminating === true && (endpoint.conditions.serving ?? false),
  );
  const isLocal = ({ endpoint }: PortEndpoint): boolean => endpoint.nodeName === node.name;
  const localReady = ready.filter(isLocal);
  return {
    near: ready.length > 0 ? preferredEndpoints(ready, node) : terminating,
    local: localReady.length > 0 ? localReady : terminating.filter(isLocal),
  };
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

function isServing({ conditions }: Endpoint): boolean {
  return conditions?.serving ?? conditions?.ready ?? true;
}

/**
 * Hints count only if every endpoint has them and one of them is for this node, or else its zone: otherwise some
 * endpoints would get all connections, or this node none.
 */
function preferredEndpoints(ready: readonly PortEndpoint[], node: ProxyNode): readonly PortEndpoint[] {
  const choose = (
    hintsOf: (endpoint: Endpoint) => readonly { readonly name: string }[] | undefined,
    wanted: string | undefined,
  ): readonly PortEndpoint[] => {
    if (!ready.every(({ endpoint }) => (hintsOf(endpoint)?.length ?? 0) > 0)) return [];
    return ready.filter(({ endpoint }) => hintsOf(endpoint)!.some(({ name }) => name === wanted));
  };
  const sameNode = choose(({ hints }) => hints?.forNodes, node.name);
  if (sameNode.length > 0) return sameNode;
  const sameZone = choose(({ hints }) => hints?.forZones, node.zone);
  return sameZone.length > 0 ? sameZone : ready;
}

/** How many endpoints of the Service are ready on this node, for those who ask its health check. */
export function countLocalEndpoints(slices: Iterable<EndpointSlice>, nodeName: string): number {
  const addresses = [...slices].flatMap(({ endpoints }) =>
    (endpoints ?? [])
      .filter((endpoint) => endpoint.nodeName === nodeName && isReady(endpoint))
      .flatMap((endpoint) => endpoint.addresses.slice(0, 1)),
  );
  return new Set(addresses).size;
}

/**
 * Of this family. A load balancer's address may be one of the node's own: what the node sends there then comes from that
 * very address.
 */
function sourceRanges(
  ranges: readonly string[],
  loadBalancerIPs: readonly string[],
  node: ProxyNode,
  family: IpFamily,
): readonly string[] {
  const own = ranges.map((range) => range.trim()).filter((range) => familyOf(range) === family);
  if (own.length === 0 || loadBalancerIPs.length === 0) return [];
  const allowed = new BlockList();
  for (const range of own) {
    const [address = '', bits = ''] = range.split('/');
    allowed.addSubnet(address, Number(bits), family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  const includesNode = (node.addresses ?? []).some(
    (address) => familyOf(address) === family && allowed.check(address, family === 'IPv4' ? 'ipv4' : 'ipv6'),
  );
  return includesNode ? [...own, ...loadBalancerIPs] : own;
}

/** Without duplicates (an endpoint may stand in two slices for a moment), in a stable order. */
function backends(endpoints: readonly PortEndpoint[]): readonly Backend[] {
  const byText = new Map(endpoints.map(({ backend }) => [`${backend.ip} ${backend.port}`, backend]));
  return [...byText.keys()].sort().map((text) => byText.get(text)!);
}

export function familyOf(ip: string): IpFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

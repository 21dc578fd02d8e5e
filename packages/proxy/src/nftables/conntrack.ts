/**
 * UDP has no connections that end, so the kernel keeps sending a client's datagrams where they went before, although
 * that endpoint is gone, or there was none yet. Pure: computes which flows to forget.
 *
 * Mirrors: pkg/proxy/conntrack/cleanup.go (v1.36)
 */
import type { ServiceRoute } from '../service-routes.ts';

/** Where datagrams were sent to, and where they went: the source of the answers. */
export interface Flow {
  readonly address: string;
  readonly port: number;
  readonly backendAddress: string;
  readonly backendPort: number;
}

/** Lines of `conntrack -L -p udp`; others are left out. */
export function parseFlows(text: string): readonly Flow[] {
  return text.split('\n').flatMap((line) => {
    const [dst, replySrc] = [...line.matchAll(/ src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g)];
    if (!dst || !replySrc) return [];
    const [, , address = '', , port] = dst;
    const [, backendAddress = '', , backendPort] = replySrc;
    return [{ address, port: Number(port), backendAddress, backendPort: Number(backendPort) }];
  });
}

/** Where flows to `address port` (or a node port: `* port`) may go. */
export type FlowTargets = ReadonlyMap<string, ReadonlySet<string>>;

/** What decides over flows; as long as it stays the same, no flow becomes stale. */
export function flowTargets(routes: readonly ServiceRoute[]): FlowTargets {
  const targets = new Map<string, ReadonlySet<string>>();
  for (const route of routes) {
    // Without endpoints there is nowhere else to go.
    if (route.protocol !== 'UDP' || route.servingBackends.length === 0) continue;
    const backends = new Set(route.servingBackends.map(({ ip, port }) => `${ip} ${port}`));
    for (const target of addressesOf(route)) targets.set(target, backends);
  }
  return targets;
}

/**
 * Targets of Services that are no more: nothing may be sent there any longer. Differs: upstream lets such flows go on.
 */
export function goneTargets(before: readonly ServiceRoute[], after: readonly ServiceRoute[]): FlowTargets {
  const udp = (routes: readonly ServiceRoute[]): string[] =>
    routes.filter(({ protocol }) => protocol === 'UDP').flatMap(addressesOf);
  const kept = new Set(udp(after));
  return new Map(
    udp(before)
      .filter((target) => !kept.has(target))
      .map((target) => [target, new Set()]),
  );
}

function addressesOf(route: ServiceRoute): readonly string[] {
  const ips = [route.clusterIP, ...route.externalIPs, ...route.loadBalancerIPs];
  return [...ips.map((ip) => `${ip} ${route.port}`), ...(route.nodePort ? [`* ${route.nodePort}`] : [])];
}

/** Arguments for `conntrack -D`: one list for all flows of the same target and backend. */
export function planStaleFlows(targets: FlowTargets, flows: readonly Flow[]): readonly (readonly string[])[] {
  const stale = new Map<string, readonly string[]>();
  for (const { address, port, backendAddress, backendPort } of flows) {
    const backends = targets.get(`${address} ${port}`) ?? targets.get(`* ${port}`);
    if (!backends || backends.has(`${backendAddress} ${backendPort}`)) continue;
    const target = ['--orig-dst', address, '--orig-port-dst', String(port)];
    const backend = ['--reply-src', backendAddress, '--reply-port-src', String(backendPort)];
    stale.set([...target, ...backend].join(' '), [...target, ...backend]);
  }
  return [...stale.values()];
}

export function sameTargets(a: FlowTargets, b: FlowTargets): boolean {
  if (a.size !== b.size) return false;
  for (const [target, backends] of a) {
    const others = b.get(target);
    if (!others || others.size !== backends.size || [...backends].some((backend) => !others.has(backend))) return false;
  }
  return true;
}

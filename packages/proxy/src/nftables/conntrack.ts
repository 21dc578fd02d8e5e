/**
 * UDP has no connections that end, so the kernel keeps sending a client's datagrams where they went before, although
 * that endpoint is gone. Pure: computes which flows to forget.
 *
 * Mirrors: pkg/proxy/conntrack/cleanup.go (v1.36)
 */
import type { ServiceRoute } from '../service-routes.ts';

/** Arguments of `conntrack -D`. */
export interface FlowFilter {
  readonly arguments: readonly string[];
}

export function planStaleFlows(before: readonly ServiceRoute[], after: readonly ServiceRoute[]): readonly FlowFilter[] {
  const wanted = new Map(after.map((route) => [route.id, route]));
  const filters: FlowFilter[] = [];
  for (const old of before) {
    if (old.protocol !== 'UDP') continue;
    const kept = new Set(endpointsOf(wanted.get(old.id)));
    for (const ip of endpointsOf(old)) {
      if (kept.has(ip)) continue;
      for (const address of addressesOf(old)) {
        filters.push({ arguments: ['-p', 'udp', '--orig-dst', address, '--reply-src', ip] });
      }
      if (old.nodePort) {
        filters.push({ arguments: ['-p', 'udp', '--dport', String(old.nodePort), '--reply-src', ip] });
      }
    }
  }
  const known = new Map(before.map((route) => [route.id, route]));
  for (const route of after) {
    // Datagrams that were sent before there was an endpoint have left an entry that leads nowhere.
    const had = endpointsOf(known.get(route.id)).length > 0;
    if (route.protocol !== 'UDP' || had || endpointsOf(route).length === 0) continue;
    for (const ip of addressesOf(route)) {
      filters.push({ arguments: ['-p', 'udp', '--orig-dst', ip, '--dport', String(route.port)] });
    }
    if (route.nodePort) filters.push({ arguments: ['-p', 'udp', '--dport', String(route.nodePort)] });
  }
  return filters;
}

function addressesOf(route: ServiceRoute): readonly string[] {
  return [route.clusterIP, ...route.externalIPs, ...route.loadBalancerIPs];
}

function endpointsOf(route: ServiceRoute | undefined): readonly string[] {
  if (!route) return [];
  const all = [...route.clusterBackends, ...route.externalBackends, ...route.insideBackends];
  return [...new Set(all.map((backend) => backend.ip))];
}

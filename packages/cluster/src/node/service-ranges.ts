/** Ranges of Services that are added later: every node gets a route to them, as it has to the cluster's own from the start. */
import { serviceCIDRs } from '@kts/api';
import type { ServiceCIDR } from '@kts/api/types/networking-v1';
import { createInformers } from '@kts/controlkit';

import { SYSTEM_USERS } from '../control-plane.ts';
import { changeRoutes } from './network.ts';
import type { RealNodesContext } from './real-nodes.ts';

/** Lines for `ip -batch` inside a node. What such a route leads to does not matter: the proxy rewrites the packets. */
export function planRangeRoutes(before: ReadonlySet<string>, after: ReadonlySet<string>): readonly string[] {
  const gone = [...before].filter((range) => !after.has(range));
  const added = [...after].filter((range) => !before.has(range));
  return [
    ...gone.map((range) => `route delete ${range} dev eth0`),
    ...added.map((range) => `route add ${range} dev eth0`),
  ];
}

/** With the cluster's own, which stays even if its object goes; IPv4 only, as the nodes' network is. */
export function routedRanges(objects: Iterable<ServiceCIDR>, own: string): ReadonlySet<string> {
  const ranges = [...objects].flatMap(({ spec }) => spec?.cidrs ?? []);
  return new Set([own, ...ranges.filter((range) => !range.includes(':'))]);
}

/** Follows the ranges until the group stops. */
export function followServiceRanges({ config, controlPlane, network, deps, group }: RealNodesContext): void {
  group.start(async (signal) => {
    const informers = createInformers({ ...deps, client: controlPlane.clientAs(SYSTEM_USERS.proxy, 'kts') });
    const objects = informers.get(serviceCIDRs);
    let changed = Promise.withResolvers<void>();
    const wake = (): void => changed.resolve();
    objects.subscribe({ onAdd: wake, onUpdate: wake, onDelete: wake });
    signal.addEventListener('abort', wake, { once: true });
    const watching = informers.run(signal);
    let present = routedRanges([], config.serviceClusterIpRange);
    for (; !signal.aborted; await changed.promise) {
      changed = Promise.withResolvers();
      const wanted = routedRanges(objects.list(), config.serviceClusterIpRange);
      const lines = planRangeRoutes(present, wanted);
      present = wanted;
      if (lines.length === 0) continue;
      await changeRoutes(network, lines).catch((error: unknown) =>
        deps.log.warn('a range of Services has no route', { error }),
      );
    }
    await watching;
  });
}

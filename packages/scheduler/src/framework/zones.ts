import type { Node } from '@kts/api/types/core-v1';
import { labelOf } from './label-selection.ts';
import type { NodeInfo } from './node-info.ts';

/**
 * The order in which nodes are looked at.
 *
 * Mirrors: pkg/scheduler/backend/cache/node_tree.go (v1.36)
 */
export function zonesInTurn(infos: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = [...Map.groupBy(infos, (info) => zoneOf(info.node)).values()];
  const longest = Math.max(0, ...zones.map((zone) => zone.length));
  const order: NodeInfo[] = [];
  for (let index = 0; index < longest; index++) {
    for (const zone of zones) if (index < zone.length) order.push(zone[index]!);
  }
  return order;
}

/** Region and zone as one text; empty if the node has neither. */
export function zoneOf(node: Node): string {
  const label = (...keys: readonly string[]): string =>
    keys.map((key) => labelOf(node.metadata.labels, key)).find((value) => value !== undefined) ?? '';
  const zone = label('failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone');
  const region = label('failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region');
  return zone || region ? `${region}:\0:${zone}` : '';
}

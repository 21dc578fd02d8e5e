import type { Node } from '@kts/api/types/core-v1';
import { keyText, type ObjectKey } from '@kts/apimachinery';

import { isOverloaded, zoneShares, type ZoneCounts, type ZoneShares } from './topology-hints.ts';

/** What hints there are for zones, by Service and type of address, and what share each zone has. */
export class TopologyTracker {
  readonly #services = new Map<string, { readonly key: ObjectKey; readonly counts: Map<string, ZoneCounts> }>();
  #shares: { readonly value: ZoneShares } | undefined;

  isHinted(key: ObjectKey): boolean {
    return this.#services.has(keyText(key));
  }

  set(key: ObjectKey, addressType: string, counts: ZoneCounts): void {
    this.#services
      .getOrInsertComputed(keyText(key), () => ({ key, counts: new Map() }))
      .counts.set(addressType, counts);
  }

  /** A Service with hints for the other type of address only is told of again when it gets some for this one. */
  remove(key: ObjectKey): void {
    this.#services.delete(keyText(key));
  }

  shares(nodes: () => Iterable<Node>): ZoneShares {
    this.#shares ??= { value: zoneShares(nodes()) };
    return this.#shares.value;
  }

  /** The Services that need other hints now. */
  nodesChanged(nodes: () => Iterable<Node>): readonly ObjectKey[] {
    this.#shares = undefined;
    if (this.#services.size === 0) return [];
    const shares = this.shares(nodes);
    return [...this.#services.values()]
      .filter(({ counts }) => counts.values().some((each) => isOverloaded(each, shares)))
      .map(({ key }) => key);
  }
}

/** What decides over shares; most changes of nodes are heartbeats. */
export function topologyOf({ metadata, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([metadata.labels?.['topology.kubernetes.io/zone'], ready, status?.allocatable?.['cpu']]);
}

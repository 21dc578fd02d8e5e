/**
 * How fast pods may be evicted, by zone. If a large part of a zone is silent, the network is more likely to be broken
 * than the nodes, and if all of the cluster is, this program's own network is. Pure.
 *
 * Mirrors: handleDisruption and ComputeZoneState in pkg/controller/nodelifecycle/node_lifecycle_controller.go (v1.36)
 */
export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface ZoneCounts {
  readonly ready: number;
  readonly notReady: number;
}

export interface EvictionRates {
  /** Evictions per second in a healthy zone. */
  readonly normal: number;
  /** In a large zone that is partly silent. */
  readonly secondary: number;
  /** From which share of silent nodes on a zone is partly silent. */
  readonly unhealthyThreshold: number;
  /** Smaller zones have no evictions while they are partly silent. */
  readonly largeZone: number;
}

export interface DisruptionPlan {
  readonly states: ReadonlyMap<string, ZoneState>;
  /** New rates by zone; 0: none at all. */
  readonly rates: ReadonlyMap<string, number>;
  /** Everything is silent: nobody is to blame. */
  readonly forgiveAll: boolean;
  /** Everything was silent: all begin anew. */
  readonly restartAll: boolean;
}

export function planDisruption(
  before: ReadonlyMap<string, ZoneState>,
  zones: ReadonlyMap<string, ZoneCounts>,
  rates: EvictionRates,
): DisruptionPlan {
  const known = new Map([...zones.keys()].map((zone) => [zone, before.get(zone) ?? 'Initial'] as const));
  const next = new Map(
    [...zones].map(([zone, counts]) => [zone, zoneState(counts, rates.unhealthyThreshold)] as const),
  );
  const isFull = (state: ZoneState): boolean => state === 'FullDisruption';
  const isAllSilent = [...next.values()].every(isFull);
  const wasAllSilent = [...known.values()].every(isFull);
  const unchanged = { states: known, rates: new Map<string, number>(), forgiveAll: false, restartAll: false };
  if (isAllSilent && wasAllSilent) return unchanged;
  if (isAllSilent) {
    const stopped = new Map([...known.keys()].map((zone) => [zone, 0] as const));
    return { states: next, rates: stopped, forgiveAll: true, restartAll: false };
  }
  const changed = [...next].filter(([zone, state]) => wasAllSilent || state !== known.get(zone));
  return {
    states: next,
    rates: new Map(changed.map(([zone, state]) => [zone, rateOf(state, zones.get(zone)!, rates)] as const)),
    forgiveAll: false,
    restartAll: wasAllSilent,
  };
}

/** Two silent nodes are no disruption, whatever their share. */
function zoneState({ ready, notReady }: ZoneCounts, unhealthyThreshold: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'FullDisruption';
  return notReady > 2 && notReady / (notReady + ready) >= unhealthyThreshold ? 'PartialDisruption' : 'Normal';
}

function rateOf(state: ZoneState, { ready, notReady }: ZoneCounts, rates: EvictionRates): number {
  if (state !== 'PartialDisruption') return rates.normal;
  return ready + notReady > rates.largeZone ? rates.secondary : 0;
}

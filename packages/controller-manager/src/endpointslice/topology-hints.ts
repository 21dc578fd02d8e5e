/**
 * Hints for Services with the annotation `service.kubernetes.io/topology-mode: Auto`: every zone gets as many endpoints as
 * its share of the cluster's processors asks for, its own first. Pure.
 *
 * Mirrors: staging/src/k8s.io/endpointslice/topologycache (v1.36)
 */
import type { Node } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointSlice } from '@kts/api/types/discovery-v1';
import { quantityToMilli, type New } from '@kts/apimachinery';

/** The part of the ready nodes' processors that each zone has; undefined if it cannot be told for all of them. */
export type ZoneShares = ReadonlyMap<string, number> | undefined;

/** How many endpoints have a hint for each zone. */
export type ZoneCounts = ReadonlyMap<string, number>;

export interface SliceParts {
  readonly create: readonly New<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly unchanged: readonly EndpointSlice[];
}

export interface TopologyPlan {
  readonly create: readonly New<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  /** What every zone has got, or why there are no hints. */
  readonly outcome: ZoneCounts | string;
}

/** How much more than its share a zone's endpoints may have to bear. */
const OVERLOAD_MAX = 0.2;
const ZONE_LABEL = 'topology.kubernetes.io/zone';
const EXCLUDED_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

const NO_ZONE = 'One or more endpoints do not have a zone specified';
const NOTHING_ALLOCATED = 'No hints allocated for zones';
const NO_NODE_INFORMATION = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
const TOO_FEW_ENDPOINTS = 'Insufficient number of endpoints';
const TOO_UNEVEN = 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold';

export function zoneShares(nodes: Iterable<Node>): ZoneShares {
  const milliByZone = new Map<string, number>();
  for (const { metadata, status } of nodes) {
    const { labels = {} } = metadata;
    const isReady = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (!isReady || EXCLUDED_LABELS.some((label) => labels[label] !== undefined)) continue;
    const zone = labels[ZONE_LABEL];
    const milli = Number(quantityToMilli(status?.allocatable?.['cpu'] ?? '0'));
    if (!zone || milli === 0) return undefined;
    milliByZone.set(zone, (milliByZone.get(zone) ?? 0) + milli);
  }
  if (milliByZone.size < 2) return undefined;
  const total = milliByZone.values().reduce((sum, milli) => sum + milli, 0);
  return new Map(
    [...milliByZone].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([zone, milli]) => [zone, milli / total]),
  );
}

/** A zone has too few endpoints for its share, or the shares are not known any more. */
export function isOverloaded(counts: ZoneCounts, shares: ZoneShares): boolean {
  if (counts.size === 0) return false;
  if (!shares) return true;
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  return [...shares].some(
    ([zone, share]) => (counts.get(zone) ?? -1) < Math.ceil((total * share) / (1 + OVERLOAD_MAX)),
  );
}

export function planTopologyHints(parts: SliceParts, shares: ZoneShares): TopologyPlan {
  const slices = [...parts.create, ...parts.update, ...parts.unchanged];
  const ready = slices.flatMap(({ endpoints }) => endpoints ?? []).filter(isReady);
  const allocations = allocate(shares, ready.length);
  if (typeof allocations === 'string') return withoutHints(parts, allocations);

  const counts = new Map<string, number>();
  const unfit = parts.unchanged.filter((slice) => !countFitting(slice, counts, allocations));
  if ([...parts.create, ...parts.update, ...unfit].some(lacksZone)) return withoutHints(parts, NO_ZONE);
  for (const slice of [...parts.create, ...parts.update, ...unfit])
    for (const { zone } of (slice.endpoints ?? []).filter(isReady)) add(counts, zone!, 1);
  const { giving, receiving } = planTransfers(allocations, counts);
  const hint = <T extends New<EndpointSlice>>(slice: T): T => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((endpoint) => hinted(endpoint, giving, receiving, counts)),
  });
  const create = parts.create.map(hint);
  const update = [...parts.update, ...unfit].map(hint);
  return counts.size === 0 ? withoutHints(parts, NOTHING_ALLOCATED) : { create, update, outcome: counts };
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}

function lacksZone({ endpoints }: New<EndpointSlice>): boolean {
  return (endpoints ?? []).some((endpoint) => isReady(endpoint) && !endpoint.zone);
}

function add(counts: Map<string, number>, zone: string, change: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + change);
}

interface Allocation {
  readonly desired: number;
  readonly maximum: number;
}

/** What each zone should have; a text if not every zone can have what it needs. */
function allocate(shares: ZoneShares, endpoints: number): ReadonlyMap<string, Allocation> | string {
  if (!shares) return NO_NODE_INFORMATION;
  const counts = ` (${endpoints} endpoints, ${shares.size} zones)`;
  if (shares.size > endpoints) return TOO_FEW_ENDPOINTS + counts;
  const minimums = new Map(
    [...shares].map(([zone, share]) => [zone, Math.ceil((share * endpoints) / (1 + OVERLOAD_MAX))]),
  );
  const spare = endpoints - minimums.values().reduce((sum, minimum) => sum + minimum, 0);
  if (spare < 0) return TOO_UNEVEN + counts;
  return new Map(
    [...shares].map(([zone, share]) => {
      const minimum = minimums.get(zone)!;
      return [zone, { desired: Math.max(share * endpoints, minimum), maximum: minimum + spare }];
    }),
  );
}

/** Whether a slice may keep its hints, which are counted then. */
function countFitting(
  { endpoints }: EndpointSlice,
  counts: Map<string, number>,
  allocations: ReadonlyMap<string, Allocation>,
): boolean {
  const own = new Map<string, number>();
  for (const endpoint of endpoints ?? []) {
    if (!isReady(endpoint)) continue;
    const zones = endpoint.hints?.forZones ?? [];
    if (zones.length === 0) return false;
    for (const { name } of zones) add(own, name, 1);
  }
  for (const [zone, count] of own) {
    const allocation = allocations.get(zone);
    if (!allocation || count + (counts.get(zone) ?? 0) > allocation.maximum) return false;
  }
  for (const [zone, count] of own) add(counts, zone, count);
  return true;
}

interface Transfers {
  readonly giving: Map<string, number>;
  readonly receiving: Map<string, number>;
}

/** How many endpoints zones that have too many give to those that have too few. */
function planTransfers(allocations: ReadonlyMap<string, Allocation>, counts: ZoneCounts): Transfers {
  const surplus = new Map([...allocations].map(([zone, { desired }]) => [zone, (counts.get(zone) ?? 0) - desired]));
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [giver, over] = [...surplus].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0]);
    const [receiver, under] = [...surplus].reduce((least, each) => (each[1] < least[1] ? each : least), ['', 0]);
    if (giver === '' || receiver === '' || (over < 1 && -under < 1) || over < 0.5 || -under < 0.5) break;
    add(giving, giver, 1);
    add(receiving, receiver, 1);
    surplus.set(giver, over - 1);
    surplus.set(receiver, under + 1);
  }
  return { giving, receiving };
}

/** For the endpoint's own zone, unless that zone has one to give. */
function hinted(
  endpoint: Endpoint,
  giving: Map<string, number>,
  receiving: Map<string, number>,
  counts: Map<string, number>,
): Endpoint {
  if (!isReady(endpoint)) return endpoint;
  const own = endpoint.zone!;
  const receiver = (giving.get(own) ?? 0) > 0 ? [...receiving].find(([, count]) => count > 0)?.[0] : undefined;
  if (receiver !== undefined) {
    for (const [map, zone] of [
      [giving, own],
      [receiving, receiver],
      [counts, own],
    ] as const) {
      add(map, zone, -1);
    }
    add(counts, receiver, 1);
  }
  return { ...endpoint, hints: { forZones: [{ name: receiver ?? own }] } };
}

function withoutHints({ create, update, unchanged }: SliceParts, outcome: string): TopologyPlan {
  const hasHints = ({ endpoints }: EndpointSlice): boolean =>
    (endpoints ?? []).some(({ hints }) => hints !== undefined);
  const clear = <T extends New<EndpointSlice>>(slice: T): T => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map(({ hints: _hints, ...endpoint }) => endpoint),
  });
  return { create: create.map(clear), update: [...update, ...unchanged.filter(hasHints)].map(clear), outcome };
}

import type { Node, NodeSelector } from '@kts/api/types/core-v1';
import type { CounterSet, Device, ResourceSlice } from '@kts/api/types/resource-v1';
import { deviceId, type DeviceId } from './device-id.ts';
import { nodeSelector } from '../framework/node-selection.ts';

/**
 * The pools of devices that a node can reach, put together from resource slices. Slices of an older generation do not
 * count. Pools are in the order in which they are tried: by name, those with devices that must be waited for last.
 *
 * Mirrors: structured/internal/incubating/pools_incubating.go of staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export interface DevicePool {
  readonly driver: string;
  readonly pool: string;
  /** `incomplete`: its slices are being replaced; `invalid`: they contradict each other. Neither has slices here. */
  readonly state: 'usable' | 'incomplete' | 'invalid';
  /** Devices for the node, by slice. */
  readonly candidates: readonly Candidate[];
  /** Slices of the pool for other nodes: what is in use there counts against shared counters. */
  readonly elsewhere: readonly ResourceSlice[];
  readonly counterSets: ReadonlyMap<string, CounterSet>;
}

/** A device as a candidate for a request. */
export interface Candidate {
  readonly id: DeviceId;
  readonly device: Device;
  readonly slice: ResourceSlice;
  readonly pool: DevicePool;
}

/** All slices of a cluster at one instant, sorted once for any number of nodes. */
export interface ResourceSlices {
  readonly all: readonly ResourceSlice[];
  readonly byNode: ReadonlyMap<string, readonly ResourceSlice[]>;
  /** Those that do not belong to one node. */
  readonly shared: readonly ResourceSlice[];
  /** What was found for nodes before. */
  readonly pools: WeakMap<Node, readonly DevicePool[]>;
}

interface PoolSlices {
  readonly driver: string;
  readonly pool: string;
  readonly generation: number;
  readonly slices: ResourceSlice[];
}

const NO_SLICES: readonly ResourceSlice[] = [];
const NO_COUNTERS: ReadonlyMap<string, CounterSet> = new Map();

export function sortSlices(all: readonly ResourceSlice[]): ResourceSlices {
  const byNode = new Map<string, ResourceSlice[]>();
  const shared: ResourceSlice[] = [];
  for (const slice of all) {
    const { nodeName } = slice.spec;
    if (!nodeName || slice.spec.sharedCounters?.length) shared.push(slice);
    else byNode.getOrInsert(nodeName, []).push(slice);
  }
  return { all, byNode, shared, pools: new WeakMap() };
}

export function gatherPools(slices: ResourceSlices, node: Node): readonly DevicePool[] {
  let pools = slices.pools.get(node);
  if (pools === undefined) {
    pools = poolsFor(slices, node);
    slices.pools.set(node, pools);
  }
  return pools;
}

function poolsFor(slices: ResourceSlices, node: Node): readonly DevicePool[] {
  const found = new Map<string, PoolSlices>();
  for (const slice of slices.byNode.get(node.metadata.name) ?? NO_SLICES) {
    if (concernsNode(slice, node)) addSlice(found, slice);
  }
  for (const slice of slices.shared) if (concernsNode(slice, node)) addSlice(found, slice);
  const pools = [...found.values()].flatMap((one) => poolOf(one, slices.all) ?? []);
  const { first = [], last = [] } = Object.groupBy(pools, (pool) => (mustBeWaitedFor(pool) ? 'last' : 'first'));
  return [...first.sort(byName), ...last.sort(byName)];
}

/** Whether devices of a slice, or one device, are for this node. */
export function reachesNode(
  node: Node,
  {
    nodeName,
    allNodes,
    nodeSelector: selector,
  }: { readonly nodeName?: string; readonly allNodes?: boolean; readonly nodeSelector?: NodeSelector },
): boolean {
  if (nodeName) return nodeName === node.metadata.name;
  return allNodes === true || (selector !== undefined && nodeSelector(selector)(node));
}

/** Shared counters are needed wherever the pool is used. */
function concernsNode({ spec }: ResourceSlice, node: Node): boolean {
  if (spec.sharedCounters?.length) return true;
  if (spec.nodeName || spec.allNodes || spec.nodeSelector) return reachesNode(node, spec);
  return spec.perDeviceNodeSelection === true && (spec.devices ?? []).some((device) => reachesNode(node, device));
}

function addSlice(found: Map<string, PoolSlices>, slice: ResourceSlice): void {
  const { driver, pool } = slice.spec;
  const key = `${driver}/${pool.name}`;
  const known = found.get(key);
  if (known !== undefined && pool.generation < known.generation) return;
  if (known?.generation === pool.generation) known.slices.push(slice);
  else found.set(key, { driver, pool: pool.name, generation: pool.generation, slices: [slice] });
}

/** `undefined` if the driver has begun to replace the pool by one that has nothing for the node. */
function poolOf(found: PoolSlices, all: readonly ResourceSlice[]): DevicePool | undefined {
  const count = found.slices[0]!.spec.pool.resourceSliceCount;
  if (found.slices.length === count) return buildPool(found, NO_SLICES);
  const ofPool = all.filter(({ spec }) => spec.driver === found.driver && spec.pool.name === found.pool);
  if (ofPool.some(({ spec }) => spec.pool.generation > found.generation)) return undefined;
  const current = ofPool.filter(({ spec }) => spec.pool.generation === found.generation);
  if (current.length !== count) return { ...unusable(found), state: 'incomplete' };
  const names = new Set(found.slices.map(({ metadata }) => metadata.name));
  return buildPool(
    found,
    current.filter(({ metadata }) => !names.has(metadata.name)),
  );
}

function unusable({ driver, pool }: PoolSlices): DevicePool {
  return { driver, pool, state: 'invalid', candidates: [], elsewhere: NO_SLICES, counterSets: NO_COUNTERS };
}

function buildPool(found: PoolSlices, elsewhere: readonly ResourceSlice[]): DevicePool {
  const byName = found.slices.toSorted((one, other) => compareText(one.metadata.name, other.metadata.name));
  const slices = byName.filter(({ spec }) => !spec.sharedCounters?.length);
  const counterSets = counterSetsOf(byName);
  const fine =
    counterSets !== undefined &&
    hasUniqueNames(slices) &&
    consumesKnownCounters(byName, counterSets) &&
    consumesKnownCounters(elsewhere, counterSets);
  if (!fine) return unusable(found);
  const { driver, pool: name } = found;
  const candidates: Candidate[] = [];
  const pool: DevicePool = { driver, pool: name, state: 'usable', candidates, elsewhere, counterSets };
  for (const slice of slices) {
    for (const device of slice.spec.devices ?? []) {
      candidates.push({ id: deviceId({ driver, pool: name, device: device.name }), device, slice, pool });
    }
  }
  return pool;
}

/** `undefined` if a name is there twice. */
function counterSetsOf(slices: readonly ResourceSlice[]): ReadonlyMap<string, CounterSet> | undefined {
  const all = slices.flatMap(({ spec }) => spec.sharedCounters ?? []);
  if (all.length === 0) return NO_COUNTERS;
  const byName = new Map(all.map((set) => [set.name, set]));
  return byName.size === all.length ? byName : undefined;
}

function hasUniqueNames(slices: readonly ResourceSlice[]): boolean {
  const names = new Set<string>();
  let count = 0;
  for (const device of devicesOf(slices)) {
    names.add(device.name);
    count++;
  }
  return names.size === count;
}

function consumesKnownCounters(
  slices: readonly ResourceSlice[],
  counterSets: ReadonlyMap<string, CounterSet>,
): boolean {
  for (const { consumesCounters = [] } of devicesOf(slices)) {
    for (const { counterSet, counters } of consumesCounters) {
      const known = counterSets.get(counterSet)?.counters;
      if (known === undefined || !Object.keys(counters).every((name) => Object.hasOwn(known, name))) return false;
    }
  }
  return true;
}

function* devicesOf(slices: readonly ResourceSlice[]): IterableIterator<Device> {
  for (const { spec } of slices) yield* spec.devices ?? [];
}

function mustBeWaitedFor({ candidates }: DevicePool): boolean {
  return candidates.some(({ device }) => device.bindingConditions !== undefined);
}

function byName(one: DevicePool, other: DevicePool): number {
  return compareText(one.driver, other.driver) || compareText(one.pool, other.pool);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

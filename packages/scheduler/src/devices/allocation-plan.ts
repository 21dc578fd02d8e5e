import type { Node } from '@kts/api/types/core-v1';
import type { DeviceClass, ResourceClaim } from '@kts/api/types/resource-v1';
import { keyText } from '@kts/apimachinery';
import { consumedCapacity, hasCapacityLeft, type UsedCapacity } from './device-capacity.ts';
import type { DeviceId } from './device-id.ts';
import { reachesNode, type Candidate, type DevicePool, type ResourceSlices } from './device-pools.ts';
import { deviceNeeds, type DeviceNeed } from './device-request.ts';
import type { DeviceSelectors } from './device-selectors.ts';

/**
 * What an allocation of devices starts from, checked and counted.
 *
 * Mirrors: structured/internal/incubating/allocator_incubating.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export interface AllocationInput {
  readonly claims: readonly ResourceClaim[];
  readonly node: Node;
  readonly slices: ResourceSlices;
  readonly used: DevicesInUse;
  readonly deviceClass: (name: string) => DeviceClass | undefined;
  readonly selectors: DeviceSelectors;
  readonly newShareId: () => string;
  /** Throws when the search has taken too long. */
  readonly checkTime: () => void;
}

/** Devices that other claims have, or are about to get. */
export interface DevicesInUse {
  has(device: DeviceId): boolean;
  /** Of a device that several claims can have, what they use of it; `undefined` if none has it. */
  capacityOf(device: DeviceId): UsedCapacity | undefined;
}

/** A way to satisfy a request, checked and counted. */
export interface PlannedNeed {
  readonly need: DeviceNeed;
  readonly class: DeviceClass;
  readonly count: number;
  /** For a request for all devices: these. */
  readonly all?: readonly Candidate[];
}

export interface PlannedClaim {
  readonly claim: ResourceClaim;
  /** For each request, its alternatives in order of preference. */
  readonly requests: readonly (readonly PlannedNeed[])[];
}

/** The most devices one claim can have. */
export const DEVICES_PER_CLAIM_MAX = 32;

/** Whether class, request and slice let the device be used for the request on the node. */
export function isSelectable(
  { need, class: deviceClass }: PlannedNeed,
  { device, slice: { spec } }: Candidate,
  claim: ResourceClaim,
  { selectors, node }: AllocationInput,
): boolean {
  const { driver } = spec;
  if (!selectors.match(deviceClass.spec.selectors, device, driver, `class ${deviceClass.metadata.name}`)) return false;
  if (!selectors.match(need.selectors, device, driver, `claim ${keyText(claim.metadata)}`)) return false;
  return !spec.perDeviceNodeSelection || reachesNode(node, device);
}

/** Throws if the claim or one of its classes is wrong, whatever the node. */
export function planClaim(claim: ResourceClaim, pools: readonly DevicePool[], input: AllocationInput): PlannedClaim {
  const { requests = [], constraints = [] } = claim.spec.devices ?? {};
  const planned = requests.map((request) => deviceNeeds(request).map((need) => planNeed(claim, need, pools, input)));
  const fewest = planned.reduce((sum, choices) => sum + Math.min(...choices.map(({ count }) => count)), 0);
  const of = `claim ${keyText(claim.metadata)}`;
  if (fewest > DEVICES_PER_CLAIM_MAX) {
    throw new Error(`${of}: number of requested devices ${fewest} exceeds the claim limit of ${DEVICES_PER_CLAIM_MAX}`);
  }
  const unknown = constraints.findIndex(
    ({ matchAttribute, distinctAttribute }) => !matchAttribute && !distinctAttribute,
  );
  if (unknown !== -1) throw new Error(`${of}, constraint #${unknown}: empty constraint (unsupported constraint type?)`);
  return { claim, requests: planned };
}

function planNeed(
  claim: ResourceClaim,
  need: DeviceNeed,
  pools: readonly DevicePool[],
  input: AllocationInput,
): PlannedNeed {
  const of = `claim ${keyText(claim.metadata)}, request ${need.name}`;
  const unknown = need.selectors.findIndex(({ cel }) => cel === undefined);
  if (unknown !== -1) throw new Error(`${of}, selector #${unknown}: CEL expression empty (unsupported selector type?)`);
  if (need.deviceClassName === '') throw new Error(`${of}: missing device class name (unsupported request type?)`);
  const deviceClass = input.deviceClass(need.deviceClassName);
  if (deviceClass === undefined) {
    const missing = `deviceclass.resource.k8s.io "${need.deviceClassName}" not found`;
    throw new Error(`${of}: could not retrieve device class ${need.deviceClassName}: ${missing}`);
  }
  const planned: PlannedNeed = { need, class: deviceClass, count: need.count };
  if (!need.all) return planned;
  const all = allDevices(planned, claim, pools, input);
  return { ...planned, count: all.length, all };
}

/** "All" can be counted only if every pool is known completely. */
function allDevices(
  planned: PlannedNeed,
  claim: ResourceClaim,
  pools: readonly DevicePool[],
  input: AllocationInput,
): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const pool of pools) {
    if (pool.state !== 'usable') {
      const problem = pool.state === 'incomplete' ? 'being updated' : 'invalid';
      const name = `${pool.driver}/${pool.pool}`;
      throw new Error(
        `claim ${keyText(claim.metadata)}, request ${planned.need.name}: asks for all devices, but resource pool ${name} is currently ${problem}`,
      );
    }
    for (const candidate of pool.candidates) {
      if (!isSelectable(planned, candidate, claim, input)) continue;
      const { id, device } = candidate;
      const wanted = consumedCapacity(device, planned.need.capacity);
      if (wanted && hasCapacityLeft(device, wanted, input.used.capacityOf(id))) found.push(candidate);
    }
  }
  return found;
}

import { keyText } from '@kts/apimachinery';
import {
  DEVICES_PER_CLAIM_MAX,
  isSelectable,
  type AllocationInput,
  type PlannedClaim,
  type PlannedNeed,
} from './allocation-plan.ts';
import type { ChosenDevice } from './allocation-result.ts';
import { addUse, consumedCapacity, hasCapacityLeft, type UsedCapacity } from './device-capacity.ts';
import { constraintState, type ConstrainedDevice, type ConstraintState } from './device-constraints.ts';
import { SharedCounters } from './device-counters.ts';
import { deviceId, type DeviceId } from './device-id.ts';
import type { Candidate, DevicePool } from './device-pools.ts';
import { isKeptOff } from './device-request.ts';

/** What was found for one claim. */
export interface ChosenDevices {
  readonly devices: readonly ChosenDevice[];
  /** For each request, which of its alternatives. */
  readonly alternatives: readonly number[];
}

/**
 * Tries devices for every request of every claim, one after the other, and goes back when it gets stuck: the first
 * complete solution counts. Within a request devices are taken in their order, so that no set of devices is tried twice.
 *
 * Mirrors: allocateOne and allocateDevice in structured/internal/incubating/allocator_incubating.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 * Differs: counters and constraints that a device took are given back also when a taint or another constraint rules the
 * device out.
 */
export function searchDevices(
  claims: readonly PlannedClaim[],
  pools: readonly DevicePool[],
  input: AllocationInput,
): readonly ChosenDevices[] | undefined {
  const search = new Search(claims, pools, input);
  return search.run();
}

/** `tooMany`: the claim would get more devices than it can hold, so fewer have to be asked for. */
type Outcome = 'done' | 'stuck' | 'tooMany';

/** Where in the pools to go on. */
interface Position {
  readonly pool: number;
  readonly candidate: number;
}

/** A request of a claim, in the alternative that is being tried. */
interface Target {
  readonly claim: number;
  readonly request: number;
  readonly planned: PlannedNeed;
}

const START: Position = { pool: 0, candidate: 0 };

class Search {
  readonly #claims: readonly PlannedClaim[];
  readonly #pools: readonly DevicePool[];
  readonly #input: AllocationInput;
  readonly #constraints: readonly (readonly ConstraintState[])[];
  readonly #chosen: readonly { readonly devices: ChosenDevice[]; readonly alternatives: number[] }[];
  /** Devices chosen in this search for one claim alone: by device, for which claims. */
  readonly #taken = new Map<DeviceId, Set<number>>();
  /** What this search takes of devices that can be shared. */
  readonly #capacity = new Map<DeviceId, UsedCapacity>();
  readonly #counters = new Map<DevicePool, SharedCounters>();

  constructor(claims: readonly PlannedClaim[], pools: readonly DevicePool[], input: AllocationInput) {
    this.#claims = claims;
    this.#pools = pools;
    this.#input = input;
    this.#constraints = claims.map(({ claim }) =>
      (claim.spec.devices?.constraints ?? []).map((constraint) => constraintState(constraint)!),
    );
    this.#chosen = claims.map(() => ({ devices: [], alternatives: [] }));
  }

  run(): readonly ChosenDevices[] | undefined {
    return this.#request(0, 0) === 'done' ? this.#chosen : undefined;
  }

  /** This request and everything after it. */
  #request(claim: number, request: number): Outcome {
    this.#input.checkTime();
    const planned = this.#claims[claim];
    if (planned === undefined) return 'done';
    const choices = planned.requests[request];
    if (choices === undefined) {
      // Another choice for an earlier claim may leave devices for an alternative that needs fewer.
      const outcome = this.#request(claim + 1, 0);
      return outcome === 'tooMany' ? 'stuck' : outcome;
    }
    let allTooMany = true;
    for (const [alternative, need] of choices.entries()) {
      this.#chosen[claim]!.alternatives[request] = alternative;
      const outcome = this.#device({ claim, request, planned: need }, 0, START);
      if (outcome === 'done') return 'done';
      if (outcome !== 'tooMany') allTooMany = false;
    }
    return allTooMany ? 'tooMany' : 'stuck';
  }

  /** The device with this number for the request, and everything after it. */
  #device(target: Target, number: number, start: Position): Outcome {
    this.#input.checkTime();
    const { claim, request, planned } = target;
    if (planned.need.all && planned.count === 0) return 'stuck';
    if (number >= planned.count) return this.#request(claim, request + 1);
    if (this.#chosen[claim]!.devices.length + planned.count - number > DEVICES_PER_CLAIM_MAX) return 'tooMany';
    if (planned.all !== undefined) return this.#oneOfAll(target, number);
    for (let pool = start.pool; pool < this.#pools.length; pool++) {
      const { candidates } = this.#pools[pool]!;
      for (let index = pool === start.pool ? start.candidate : 0; index < candidates.length; index++) {
        const outcome = this.#try(target, number, candidates[index]!, { pool, candidate: index + 1 });
        if (outcome !== 'stuck') return outcome;
      }
    }
    return 'stuck';
  }

  /** @param next where the search for the next device of the request begins. */
  #try(target: Target, number: number, candidate: Candidate, next: Position): Outcome {
    if (this.#isUsed(target, candidate)) return 'stuck';
    if (!isSelectable(target.planned, candidate, this.#claims[target.claim]!.claim, this.#input)) return 'stuck';
    if (this.#take(target, candidate) !== 'taken') return 'stuck';
    const outcome = this.#device(target, number + 1, next);
    if (outcome !== 'done') this.#giveBack(target, candidate);
    return outcome;
  }

  /** In a request for all devices their order does not matter: this one must do. */
  #oneOfAll(target: Target, number: number): Outcome {
    const { claim, planned } = target;
    const candidate = planned.all![number]!;
    if (this.#isUsed(target, candidate)) return 'stuck';
    const result = this.#take(target, candidate);
    if (result === 'constrained') {
      const of = `claim ${keyText(this.#claims[claim]!.claim.metadata)}, request ${planned.need.name}`;
      throw new Error(`${of}: cannot add device ${candidate.id} because a claim constraint would not be satisfied`);
    }
    if (result !== 'taken') return 'stuck';
    const outcome = this.#device(target, number + 1, START);
    if (outcome !== 'done') this.#giveBack(target, candidate);
    return outcome;
  }

  /** Administrators may look at devices that others use, but not twice in one claim. */
  #isUsed({ claim, planned }: Target, { id }: Candidate): boolean {
    const taken = this.#taken.get(id);
    if (planned.need.adminAccess) return taken?.has(claim) ?? false;
    return this.#input.used.has(id) || (taken !== undefined && taken.size > 0);
  }

  /** Takes everything that comes with the device, or nothing. */
  #take(target: Target, candidate: Candidate): 'taken' | 'constrained' | 'unavailable' {
    const { claim, planned } = target;
    const { need } = planned;
    const { id, device, pool } = candidate;
    const amounts = consumedCapacity(device, need.capacity);
    const inUse = this.#input.used.capacityOf(id);
    if (amounts === undefined || !hasCapacityLeft(device, amounts, inUse, this.#capacity.get(id))) return 'unavailable';
    if (isKeptOff(device.taints, need.tolerations)) return 'unavailable';
    const counts = this.#countsAnew(candidate);
    if (counts && !this.#countersOf(pool).take(device)) return 'unavailable';
    if (!this.#constrain(target, candidate)) {
      if (counts) this.#countersOf(pool).giveBack(device);
      return 'constrained';
    }
    const shared = device.allowMultipleAllocations === true;
    if (shared) addUse(this.#capacity.getOrInsert(id, new Map()), amounts, 1);
    else this.#taken.getOrInsert(id, new Set()).add(claim);
    this.#chosen[claim]!.devices.push({
      ...candidate,
      need,
      driver: pool.driver,
      counts,
      ...(shared && { shareId: this.#input.newShareId(), capacity: amounts }),
    });
    return 'taken';
  }

  #giveBack({ claim, planned }: Target, candidate: Candidate): void {
    const { id, device, pool } = candidate;
    const chosen = this.#chosen[claim]!.devices.pop()!;
    const constrained = constrainedDevice(planned, candidate);
    for (const constraint of this.#constraints[claim]!) constraint.remove(constrained);
    if (chosen.counts) this.#countersOf(pool).giveBack(device);
    if (chosen.capacity === undefined) this.#taken.get(id)?.delete(claim);
    else this.#stopSharing(id, chosen.capacity);
  }

  #stopSharing(id: DeviceId, amounts: NonNullable<ChosenDevice['capacity']>): void {
    addUse(this.#capacity.get(id)!, amounts, -1);
    const others = this.#chosen.some(({ devices }) => devices.some((device) => device.id === id));
    if (!others) this.#capacity.delete(id);
  }

  /** A device that is shared consumes its counters once. */
  #countsAnew({ id, device }: Candidate): boolean {
    if (!device.consumesCounters?.length) return false;
    const shared = device.allowMultipleAllocations === true;
    return !(shared && (this.#capacity.has(id) || this.#input.used.capacityOf(id) !== undefined));
  }

  #countersOf(pool: DevicePool): SharedCounters {
    const known = this.#counters.get(pool);
    if (known !== undefined) return known;
    const { used } = this.#input;
    const isInUse = (device: { readonly name: string }): boolean => {
      const id = deviceId({ driver: pool.driver, pool: pool.pool, device: device.name });
      return used.has(id) || used.capacityOf(id) !== undefined;
    };
    const counters = new SharedCounters(pool, isInUse);
    this.#counters.set(pool, counters);
    return counters;
  }

  #constrain({ claim, planned }: Target, candidate: Candidate): boolean {
    const device = constrainedDevice(planned, candidate);
    const added: ConstraintState[] = [];
    for (const constraint of this.#constraints[claim]!) {
      if (!constraint.add(device)) {
        for (const one of added) one.remove(device);
        return false;
      }
      added.push(constraint);
    }
    return true;
  }
}

function constrainedDevice({ need }: PlannedNeed, { device, pool }: Candidate): ConstrainedDevice {
  return { requestNames: need.names, driver: pool.driver, device };
}

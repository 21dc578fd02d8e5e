import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { keyText, type ObjectKey } from '@kts/apimachinery';
import type { Lister } from '../framework/snapshot.ts';
import type { DevicesInUse } from './allocation-plan.ts';
import { addUse, type Capacities, type UsedCapacity } from './device-capacity.ts';
import { deviceId, type DeviceId } from './device-id.ts';

/**
 * Resource claims as the cluster has them, as the scheduler has just written them, and as it is about to write them;
 * and the devices that all of them together use.
 *
 * Mirrors: pkg/scheduler/framework/plugins/dynamicresources/dra_manager.go and allocateddevices.go (v1.36)
 */
export class ClaimTracker implements Lister<ResourceClaim>, DevicesInUse {
  readonly #observed = new Map<string, ResourceClaim>();
  /** What the API server answered, until it has been observed too. */
  readonly #written = new Map<string, ResourceClaim>();
  /** Allocations that are decided and not written yet, by uid. */
  readonly #pending = new Map<string, ResourceClaim>();
  /** How many claims have a device for themselves. */
  readonly #devices = new Map<DeviceId, number>();
  readonly #shared = new Map<DeviceId, { claims: number; readonly used: UsedCapacity }>();

  /** A claim as it is in the cluster now. */
  observe(claim: ResourceClaim): void {
    const key = keyText(claim.metadata);
    const before = this.#current(key);
    this.#observed.set(key, claim);
    const written = this.#written.get(key);
    if (written && !isNewer(written, claim)) this.#written.delete(key);
    this.#replace(before, this.#current(key));
  }

  /** A claim that is gone. */
  forget({ metadata }: ResourceClaim): void {
    const key = keyText(metadata);
    const before = this.#current(key);
    this.#observed.delete(key);
    this.#written.delete(key);
    this.#replace(before, undefined);
  }

  /** What the API server answered to a write. */
  assume(claim: ResourceClaim): void {
    const key = keyText(claim.metadata);
    const before = this.#current(key);
    const observed = this.#observed.get(key);
    if (observed !== undefined && !isNewer(claim, observed)) return;
    this.#written.set(key, claim);
    this.#replace(before, claim);
  }

  /** The claim's devices count as used from now on. */
  reserve(claim: ResourceClaim): void {
    this.#pending.set(claim.metadata.uid, claim);
    this.#count(claim, 1);
  }

  /** Ends what `reserve` began; also where it has ended already. */
  release(uid: string): void {
    const claim = this.#pending.get(uid);
    this.#pending.delete(uid);
    if (claim !== undefined) this.#count(claim, -1);
  }

  isPending(uid: string): boolean {
    return this.#pending.has(uid);
  }

  get(key: ObjectKey): ResourceClaim | undefined {
    return this.#current(keyText(key));
  }

  list(namespace?: string): readonly ResourceClaim[] {
    const keys = new Set([...this.#observed.keys(), ...this.#written.keys()]);
    const all = [...keys].map((key) => this.#current(key)!);
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  has(device: DeviceId): boolean {
    return this.#devices.has(device);
  }

  capacityOf(device: DeviceId): UsedCapacity | undefined {
    return this.#shared.get(device)?.used;
  }

  #current(key: string): ResourceClaim | undefined {
    return this.#written.get(key) ?? this.#observed.get(key);
  }

  #replace(before: ResourceClaim | undefined, after: ResourceClaim | undefined): void {
    if (before?.status?.allocation === after?.status?.allocation) return;
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
  }

  #count({ status }: ResourceClaim, sign: 1 | -1): void {
    for (const result of status?.allocation?.devices?.results ?? []) {
      // An administrator's look at a device does not keep others away.
      if (result.adminAccess) continue;
      const id = deviceId(result);
      if (result.shareID === undefined) {
        const claims = (this.#devices.get(id) ?? 0) + sign;
        if (claims === 0) this.#devices.delete(id);
        else this.#devices.set(id, claims);
      } else {
        this.#share(id, result.consumedCapacity ?? {}, sign);
      }
    }
  }

  #share(id: DeviceId, amounts: Capacities, sign: 1 | -1): void {
    const entry = this.#shared.getOrInsertComputed(id, () => ({ claims: 0, used: new Map() }));
    entry.claims += sign;
    addUse(entry.used, amounts, sign);
    if (entry.claims === 0) this.#shared.delete(id);
  }
}

/** Versions of one object are ordered. */
function isNewer(one: ResourceClaim, other: ResourceClaim): boolean {
  return (
    one.metadata.uid === other.metadata.uid &&
    BigInt(one.metadata.resourceVersion) > BigInt(other.metadata.resourceVersion)
  );
}

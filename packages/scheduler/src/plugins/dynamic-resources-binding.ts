import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { hasBindingConditions, hasTimedOut, readinessOf } from '../devices/binding-conditions.ts';
import type { ClaimTracker } from '../devices/claim-tracker.ts';
import type { DeviceHost } from '../devices/device-host.ts';
import { isInMemory } from '../devices/extended-resources.ts';
import { isReservedFor } from '../devices/pod-resource-claims.ts';
import {
  CLAIM_FINALIZER,
  createExtendedClaim,
  deleteClaim,
  removeReservation,
  writeExtendedClaimStatus,
  writeReservation,
} from '../devices/write-claims.ts';
import type { Binding } from '../framework/binding.ts';
import type { DeviceState, NodeDevices } from './dynamic-resources.ts';

/** How decided allocations of devices become those of the cluster. */
export interface ClaimBinding extends Binding {
  readonly claims: ClaimTracker;
  readonly onWaiting: DeviceHost['onWaiting'];
  readonly bindingTimeoutMs: number;
}

const POLL_MS = 5000;

/** Keeps others away from the devices until the allocations are written. */
export function reserveClaims(state: DeviceState, devices: NodeDevices | undefined, claims: ClaimTracker): undefined {
  const missing = state.claims.filter(({ status }) => status?.allocation === undefined);
  if (devices === undefined) {
    if (missing.length > 0) throw new Error('claim allocation not found for node');
    return undefined;
  }
  state.chosen = devices;
  for (const claim of devices.extended ? [...missing, devices.extended] : missing) {
    const { metadata, status } = claim;
    const finalizers = [...new Set([...(metadata.finalizers ?? []), CLAIM_FINALIZER])];
    const allocation = devices.allocations.get(metadata.uid)!;
    claims.reserve({ ...claim, metadata: { ...metadata, finalizers }, status: { ...status, allocation } });
  }
  return undefined;
}

/** Undoes what was reserved or written for the pod. */
export async function releaseClaims(
  pod: Pod,
  state: DeviceState,
  claims: ClaimTracker,
  binding: Binding,
): Promise<void> {
  const { chosen, extended } = state;
  for (const uid of chosen?.allocations.keys() ?? []) claims.release(uid);
  for (const claim of state.claims) {
    if (claim.status?.allocation && isReservedFor(claim, pod)) await removeReservation(claim, pod, binding);
  }
  if (extended && !isInMemory(extended)) await deleteClaim(extended, binding);
}

/** Writes allocations and reservations, and waits until the devices are ready. */
export async function bindClaims(pod: Pod, nodeName: string, state: DeviceState, binding: ClaimBinding): Promise<void> {
  for (const [index, claim] of state.claims.entries()) {
    if (!isReservedFor(claim, pod)) state.claims[index] = await bindClaim(claim, pod, state, binding);
  }
  await bindExtendedClaim(pod, state, binding);
  const all = state.extended ? [...state.claims, state.extended] : state.claims;
  if (!all.some(hasBindingConditions)) return;
  binding.onWaiting(pod, nodeName);
  await waitForDevices(all, binding);
}

async function bindClaim(
  claim: ResourceClaim,
  pod: Pod,
  { chosen }: DeviceState,
  binding: ClaimBinding,
): Promise<ResourceClaim> {
  const { uid } = claim.metadata;
  try {
    const written = await writeReservation(claim, chosen?.allocations.get(uid), pod, binding);
    binding.claims.assume(written);
    return written;
  } finally {
    binding.claims.release(uid);
  }
}

async function bindExtendedClaim(pod: Pod, state: DeviceState, binding: ClaimBinding): Promise<void> {
  const { chosen, extended } = state;
  if (extended === undefined || isReservedFor(extended, pod)) return;
  const planned = chosen?.extended;
  // Nothing to do where the node has the resources itself.
  if (planned === undefined) {
    if (extended.status?.allocation !== undefined) state.extended = await bindClaim(extended, pod, state, binding);
    return;
  }
  const { uid } = planned.metadata;
  try {
    const claim = isInMemory(extended) ? await createExtendedClaim(planned, binding) : planned;
    // From now on there is something to delete if the binding fails.
    state.extended = claim;
    state.extended = await writeReservation(claim, chosen!.allocations.get(uid), pod, binding);
    binding.claims.assume(state.extended);
    await writeExtendedClaimStatus(pod, claim.metadata.name, chosen!.mappings, binding);
  } finally {
    binding.claims.release(uid);
  }
}

/** Throws if the devices fail, or are not ready in time. */
async function waitForDevices(claims: readonly ResourceClaim[], binding: ClaimBinding): Promise<void> {
  const { clock, signal, bindingTimeoutMs } = binding;
  const deadline = clock.monotonic() + bindingTimeoutMs;
  for (;;) {
    const waiting = claims
      .map(({ metadata }) => current(metadata, binding.claims))
      .find((claim) => {
        const readiness = readinessOf(claim);
        if (typeof readiness === 'object') throw new Error(readiness.failure);
        return readiness === 'waiting';
      });
    if (waiting === undefined) return;
    if (hasTimedOut(waiting, bindingTimeoutMs, clock.now())) {
      throw new Error(`device binding timeout: claim=${waiting.metadata.name}`);
    }
    if (clock.monotonic() + POLL_MS > deadline) throw new Error('device binding timeout: context deadline exceeded');
    await clock.sleep(POLL_MS, signal);
  }
}

function current({ namespace, name }: ResourceClaim['metadata'], claims: ClaimTracker): ResourceClaim {
  const claim = claims.get({ namespace, name });
  if (claim === undefined) throw new Error(`could not find ResourceClaim "${namespace}/${name}"`);
  return claim;
}

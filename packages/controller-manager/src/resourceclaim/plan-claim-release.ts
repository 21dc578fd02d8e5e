/**
 * What becomes of a claim whose consumers have ended.
 *
 * Mirrors: syncClaim of pkg/controller/resourceclaim/controller.go (v1.36)
 */
import type { Pod } from '@kts/api/types/core-v1';
import type { ResourceClaim, ResourceClaimConsumerReference } from '@kts/api/types/resource-v1';

import { isPodDone, owningPod } from './pod-claims.ts';

export const ALLOCATION_FINALIZER = 'resource.kubernetes.io/delete-protection';

export interface ClaimUse {
  readonly claim: ResourceClaim;
  /** A consumer's pod: `gone` if the server says so, `kept` if it exists but is not in the cache yet. */
  readonly consumer: (reference: ResourceClaimConsumerReference) => Pod | 'gone' | 'kept';
  /** The pod that the claim was made for, if the cache has it. */
  readonly owner: Pod | undefined;
}

export interface ReleasePlan {
  /** The status without consumers that have gone, and without an allocation that nobody uses. */
  readonly status?: NonNullable<ResourceClaim['status']>;
  readonly dropFinalizer: boolean;
  readonly deleteClaim: boolean;
}

export function planRelease(use: ClaimUse): ReleasePlan {
  const { claim } = use;
  const reserved = claim.status?.reservedFor ?? [];
  const remaining = reserved.filter((reference) => isConsumer(reference, use));
  const isHeld = claim.metadata.finalizers?.includes(ALLOCATION_FINALIZER) ?? false;
  const isReleased = remaining.length < reserved.length;
  const isUnused = remaining.length === 0;
  const isGoing = claim.metadata.deletionTimestamp !== undefined;
  const mayDeallocate = isHeld && isUnused && (isReleased || isGoing);
  const isChanged = isReleased || (mayDeallocate && claim.status?.allocation !== undefined);
  const status = statusWith(claim, remaining, mayDeallocate);
  return {
    ...(isChanged ? { status } : {}),
    dropFinalizer: isHeld && (isReleased ? status.allocation === undefined : mayDeallocate),
    deleteClaim: isUnused && isOwnerDone(use),
  };
}

/** Pods that may still run. What other consumers there are is for others to say. */
function isConsumer(reference: ResourceClaimConsumerReference, { consumer }: ClaimUse): boolean {
  if ((reference.apiGroup ?? '') !== '' || reference.resource !== 'pods') return true;
  const pod = consumer(reference);
  if (typeof pod === 'string') return pod === 'kept';
  return pod.metadata.uid === reference.uid && !isPodDone(pod);
}

function statusWith(
  { status }: ResourceClaim,
  reservedFor: readonly ResourceClaimConsumerReference[],
  isDeallocated: boolean,
): NonNullable<ResourceClaim['status']> {
  const { allocation, reservedFor: _all, ...rest } = status ?? {};
  return {
    ...(allocation && !isDeallocated ? { allocation } : {}),
    ...(reservedFor.length > 0 ? { reservedFor } : {}),
    ...rest,
  };
}

function isOwnerDone({ claim, owner }: ClaimUse): boolean {
  const reference = owningPod(claim);
  return reference !== undefined && owner !== undefined && (owner.metadata.uid !== reference.uid || isPodDone(owner));
}

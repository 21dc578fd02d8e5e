import { pods, resourceClaims } from '@kts/api';
import type { ContainerExtendedResourceRequest, Pod } from '@kts/api/types/core-v1';
import type { AllocationResult, ResourceClaim } from '@kts/api/types/resource-v1';
import { isConflict, keyText } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import type { Binding } from '../framework/binding.ts';

/**
 * Writes what was decided about claims.
 *
 * Mirrors: bindClaim, Unreserve, PostFilter and deleteClaim in
 * pkg/scheduler/framework/plugins/dynamicresources (v1.36)
 */
export const CLAIM_FINALIZER = 'resource.kubernetes.io/delete-protection';

const TRIES_MAX = 5;
const RETRY_MS = 10;

type Writer = Pick<Binding, 'client' | 'clock' | 'signal'>;

/** Reserves the claim for the pod, with the allocation that was decided, if one was. */
export async function writeReservation(
  claim: ResourceClaim,
  allocation: AllocationResult | undefined,
  pod: Pod,
  writer: Writer,
): Promise<ResourceClaim> {
  const { client, clock, signal } = writer;
  const what = allocation === undefined ? 'add reservation' : 'add allocation and reservation';
  return retryOnConflict(claim, writer, async (newest) => {
    const of = `claim ${keyText(newest.metadata)}`;
    if (newest.metadata.deletionTimestamp !== undefined) throw new Error(`${of} got deleted in the meantime`);
    const known = newest.status?.allocation;
    if (allocation !== undefined && known) throw new Error(`${of} got allocated elsewhere in the meantime`);
    const chosen = allocation ?? known;
    if (chosen === undefined) throw new Error(`${of} got deallocated elsewhere in the meantime`);
    const finalized = allocation === undefined ? newest : await addFinalizer(newest, writer);
    const { name, uid } = pod.metadata;
    const status = {
      ...finalized.status,
      allocation: { ...chosen, allocationTimestamp: chosen.allocationTimestamp ?? formatTime(clock.now()) },
      reservedFor: [...(finalized.status?.reservedFor ?? []), { resource: 'pods', name, uid }],
    };
    return saying(`${what} to ${of}`, () => client.updateStatus(resourceClaims, { ...finalized, status }, { signal }));
  });
}

export async function removeReservation(claim: ResourceClaim, pod: Pod, { client, signal }: Writer): Promise<void> {
  const { namespace, name, uid } = claim.metadata;
  const body = { metadata: { uid }, status: { reservedFor: [{ $patch: 'delete', uid: pod.metadata.uid }] } };
  await client.patchStatus(resourceClaims, { namespace, name }, { type: 'strategic', body }, { signal });
}

/** Gives the devices of a claim that nobody else uses back, so that others can be tried. */
export async function deallocate(claim: ResourceClaim, { client, signal }: Writer): Promise<void> {
  const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status ?? {};
  await client.updateStatus(resourceClaims, { ...claim, status }, { signal });
}

export async function createExtendedClaim(claim: ResourceClaim, { client, signal }: Writer): Promise<ResourceClaim> {
  const { namespace, generateName, ownerReferences, annotations } = claim.metadata;
  const metadata = {
    namespace,
    ...(generateName && { generateName }),
    ...(ownerReferences && { ownerReferences }),
    ...(annotations && { annotations }),
  };
  return saying(`create claim for extended resources ${namespace}/`, () =>
    client.create(resourceClaims, { metadata, spec: claim.spec }, { signal }),
  );
}

/** Tells the kubelet which devices stand for which resources of the pod. */
export async function writeExtendedClaimStatus(
  pod: Pod,
  resourceClaimName: string,
  requestMappings: readonly ContainerExtendedResourceRequest[],
  { client, signal }: Writer,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const body = { metadata: { uid }, status: { extendedResourceClaimStatus: { requestMappings, resourceClaimName } } };
  const of = `${namespace}/${name}`;
  await saying(`update pod ${of} ExtendedResourceClaimStatus`, () =>
    client.patchStatus(pods, { namespace, name }, { type: 'strategic', body }, { signal }),
  );
}

export async function deleteClaim(claim: ResourceClaim, writer: Writer): Promise<void> {
  const { client, signal } = writer;
  const { namespace, name } = claim.metadata;
  await retryOnConflict(claim, writer, (newest) => {
    const finalizers = (newest.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLAIM_FINALIZER);
    return client.update(resourceClaims, { ...newest, metadata: { ...newest.metadata, finalizers } }, { signal });
  });
  await client.delete(resourceClaims, { namespace, name }, { signal });
}

async function addFinalizer(claim: ResourceClaim, { client, signal }: Writer): Promise<ResourceClaim> {
  const finalizers = claim.metadata.finalizers ?? [];
  if (finalizers.includes(CLAIM_FINALIZER)) return claim;
  const metadata = { ...claim.metadata, finalizers: [...finalizers, CLAIM_FINALIZER] };
  return saying(`add finalizer to claim ${keyText(claim.metadata)}`, () =>
    client.update(resourceClaims, { ...claim, metadata }, { signal }),
  );
}

/** Somebody else may have changed something that does not matter: then once more, with the newest claim. */
async function retryOnConflict(
  claim: ResourceClaim,
  { client, clock, signal }: Writer,
  write: (newest: ResourceClaim) => Promise<ResourceClaim>,
): Promise<ResourceClaim> {
  const { namespace, name } = claim.metadata;
  let newest = claim;
  for (let tries = 1; ; tries++) {
    try {
      return await write(newest);
    } catch (error) {
      if (tries >= TRIES_MAX || !isConflict(error instanceof Error && error.cause ? error.cause : error)) throw error;
    }
    await clock.sleep(RETRY_MS, signal);
    newest = await client.get(resourceClaims, { namespace, name }, { signal });
  }
}

async function saying<T>(what: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

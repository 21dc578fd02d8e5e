import type { Pod, PodResourceClaim } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import type { Lister } from '../framework/snapshot.ts';

/**
 * The claims that a pod refers to.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/resourceclaim.go (v1.36)
 */
export function findPodClaims(pod: Pod, claims: Lister<ResourceClaim>): readonly ResourceClaim[] | string {
  const { namespace } = pod.metadata;
  const found: ResourceClaim[] = [];
  for (const reference of pod.spec.resourceClaims ?? []) {
    const name = claimName(pod, reference);
    if (name === undefined) continue;
    if (typeof name !== 'string') return name.problem;
    const claim = claims.get({ namespace, name });
    if (claim === undefined) return `could not find ResourceClaim "${namespace}/${name}"`;
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${name}" is being deleted`;
    if (reference.resourceClaimName === undefined && !isControlledBy(claim, pod)) return notOwned(claim, pod);
    found.push(claim);
  }
  return found;
}

export function isReservedFor({ status }: ResourceClaim, { metadata }: Pod): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false;
}

/** `undefined` if the reference needs no claim. */
function claimName(pod: Pod, reference: PodResourceClaim): string | undefined | { readonly problem: string } {
  const { name, resourceClaimName, resourceClaimTemplateName } = reference;
  if (resourceClaimName !== undefined) return resourceClaimName;
  const of = `pod "${pod.metadata.namespace}/${pod.metadata.name}"`;
  if (resourceClaimTemplateName === undefined) {
    return { problem: `${of}, spec.resourceClaim "${name}": none of the supported fields are set` };
  }
  const generated = pod.status?.resourceClaimStatuses?.find((claim) => claim.name === name);
  return generated === undefined ? { problem: `${of}: ResourceClaim not created yet` } : generated.resourceClaimName;
}

function isControlledBy({ metadata }: ResourceClaim, pod: Pod): boolean {
  return metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid) ?? false;
}

function notOwned({ metadata }: ResourceClaim, pod: Pod): string {
  const claim = `${metadata.namespace}/${metadata.name}`;
  return `ResourceClaim ${claim} was not created for Pod ${pod.metadata.namespace}/${pod.metadata.name} (Pod is not owner)`;
}

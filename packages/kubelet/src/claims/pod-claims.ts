/**
 * Which resource claims a pod has, and which of their requests a container asks for.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/resourceclaim, pkg/kubelet/cm/dra/manager.go (GetResources)
 * (v1.36)
 */
import type { Pod, PodResourceClaim } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import type { AnyContainer } from '../pod/containers.ts';

export interface PodClaim {
  /** As containers name it; absent: made for the pod's extended resources. */
  readonly name?: string;
  /** Of the object. */
  readonly claimName: string;
  /** It was made for the pod, and must be the pod's own. */
  readonly isOwned: boolean;
}

/** The claims that exist for the pod. Throws if one is yet to be made. */
export function podClaims(pod: Pod): readonly PodClaim[] {
  const claims = (pod.spec.resourceClaims ?? []).flatMap((claim) => claimOf(pod, claim) ?? []);
  const extended = pod.status?.extendedResourceClaimStatus;
  return extended ? [...claims, { claimName: extended.resourceClaimName, isOwned: false }] : claims;
}

function claimOf(pod: Pod, claim: PodResourceClaim): PodClaim | undefined {
  const { namespace, name: podName } = pod.metadata;
  const { name, resourceClaimName, resourceClaimTemplateName } = claim;
  if (resourceClaimName !== undefined) return { name, claimName: resourceClaimName, isOwned: false };
  if (resourceClaimTemplateName === undefined) {
    const where = `pod "${namespace}/${podName}", spec.resourceClaim ${JSON.stringify(name)}`;
    throw new Error(`${where}: none of the supported fields are set`);
  }
  const status = pod.status?.resourceClaimStatuses?.find((one) => one.name === name);
  if (!status) throw new Error(`pod "${namespace}/${podName}": ResourceClaim not created yet`);
  // Without a name: none is needed.
  if (status.resourceClaimName === undefined) return undefined;
  return { name, claimName: status.resourceClaimName, isOwned: true };
}

/** Why the pod may not use the claim; undefined: it may. */
export function claimProblem(pod: Pod, claim: ResourceClaim, isOwned: boolean): string | undefined {
  const { namespace, name, uid } = pod.metadata;
  const { metadata, status } = claim;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (isOwned && owner?.uid !== uid) {
    return `ResourceClaim ${namespace}/${metadata.name} was not created for Pod ${namespace}/${name} (Pod is not owner)`;
  }
  if (!status?.reservedFor?.some((one) => one.uid === uid)) {
    return `pod ${name} (${uid}) is not allowed to use ResourceClaim ${metadata.name} (${metadata.uid})`;
  }
  return status.allocation ? undefined : `ResourceClaim ${metadata.name}: not allocated`;
}

/** The requests that a container asks for, by claim's name; an empty one stands for the whole claim. */
export function containerRequests(pod: Pod, container: AnyContainer): ReadonlyMap<string, readonly string[]> {
  const requests = new Map<string, string[]>();
  for (const { name, claimName } of podClaims(pod)) {
    if (name === undefined) continue;
    const asked = (container.resources?.claims ?? []).filter((claim) => claim.name === name);
    if (asked.length > 0) requests.getOrInsert(claimName, []).push(...asked.map(({ request }) => request ?? ''));
  }
  const extended = pod.status?.extendedResourceClaimStatus;
  for (const { containerName, requestName } of extended?.requestMappings ?? []) {
    if (containerName === container.name) requests.getOrInsert(extended!.resourceClaimName, []).push(requestName);
  }
  return requests;
}

/**
 * The resource claims that a pod names, or that are made for it.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/resourceclaim, podNeedsClaims, isPodDone and the index functions
 * of pkg/controller/resourceclaim/controller.go (v1.36)
 */
import type { Pod, PodResourceClaim } from '@kts/api/types/core-v1';
import type { ResourceClaim } from '@kts/api/types/resource-v1';

import { isPodTerminal } from '../pods/pod-state.ts';

/** Consumers that one claim has room for. */
const RESERVATIONS_MAX = 256;

export type ClaimName =
  /** By name, or as the pod's status says; `owned` ones must be the pod's own. */
  | { readonly name: string; readonly isOwned: boolean }
  /** The status says that none is needed. */
  | 'not needed'
  /** It is yet to be made from its template. */
  | 'not made'
  /** The pod says neither a claim nor a template. */
  | 'unknown';

export function claimNameOf(pod: Pod, claim: PodResourceClaim): ClaimName {
  if (claim.resourceClaimName !== undefined) return { name: claim.resourceClaimName, isOwned: false };
  if (claim.resourceClaimTemplateName === undefined) return 'unknown';
  const status = pod.status?.resourceClaimStatuses?.find(({ name }) => name === claim.name);
  if (!status) return 'not made';
  return status.resourceClaimName === undefined ? 'not needed' : { name: status.resourceClaimName, isOwned: true };
}

/** What is wrong with a claim that should be the pod's own; undefined if nothing is. */
export function ownershipProblem(pod: Pod, claim: ResourceClaim): string | undefined {
  if (isOwnedBy(claim, pod)) return undefined;
  const names = (kind: string, { name, uid }: Pod['metadata']): string => `${kind} ${name} (${uid})`;
  return `ResourceClaim ${claim.metadata.namespace}/${claim.metadata.name} was not created for ${names('pod', pod.metadata)} (pod is not owner)`;
}

export function isOwnedBy(claim: ResourceClaim, pod: Pod): boolean {
  return (claim.metadata.ownerReferences ?? []).some(({ uid, controller }) => controller && uid === pod.metadata.uid);
}

/** The pod that a claim was made for. */
export function owningPod({ metadata }: ResourceClaim): { readonly name: string; readonly uid: string } | undefined {
  return (metadata.ownerReferences ?? []).find(
    ({ controller, apiVersion, kind }) => controller && apiVersion === 'v1' && kind === 'Pod',
  );
}

export function isReservedFor({ status }: ResourceClaim, pod: Pod): boolean {
  return (status?.reservedFor ?? []).some(({ uid }) => uid === pod.metadata.uid);
}

export function hasRoom({ status }: ResourceClaim): boolean {
  return (status?.reservedFor?.length ?? 0) < RESERVATIONS_MAX;
}

/** Nothing of it runs, or ever will. */
export function isPodDone(pod: Pod): boolean {
  return isPodTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName);
}

export function hasClaims({ spec, status }: Pod): boolean {
  return (spec.resourceClaims?.length ?? 0) > 0 || status?.extendedResourceClaimStatus !== undefined;
}

/** Names of the claims in its spec and status, as far as they are known. */
export function knownClaimNames(pod: Pod): readonly string[] {
  const names = (pod.spec.resourceClaims ?? []).flatMap((claim) => {
    const known = claimNameOf(pod, claim);
    return typeof known === 'string' ? [] : [known.name];
  });
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  return [...new Set(extended ? [...names, extended] : names)];
}

export function templateNames({ spec }: Pod): readonly string[] {
  const names = (spec.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) => name ?? []);
  return [...new Set(names)];
}

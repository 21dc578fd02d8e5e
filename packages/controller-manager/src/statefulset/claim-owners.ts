/**
 * Who owns the claims of a StatefulSet's pods. Ownership is how the retention policy works: the garbage collector
 * deletes a claim with its set, or with the pod that was scaled away.
 *
 * Mirrors: pkg/controller/statefulset/stateful_set_utils.go (v1.36)
 */
import { pods, statefulSets } from '@kts/api';
import type { StatefulSet } from '@kts/api/types/apps-v1';
import type { PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { apiVersionOf, type KubeObject, type OwnerReference, type ResourceType } from '@kts/apimachinery';
import { newControllerRef } from '@kts/controlkit';

import { isInRange, type AnyPod } from './stateful-pod.ts';

/** Whether the owner references are what the policy asks for, or must be left alone. */
export function areOwnersCurrent(claim: PersistentVolumeClaim, set: StatefulSet, pod: AnyPod): boolean {
  if (hasStaleOwner(claim, set, statefulSets) || hasStaleOwner(claim, pod, pods)) return true;
  const ownedBySet = isOwnedBy(claim, set);
  const ownedByPod = isOwnedBy(claim, pod);
  if (hasOtherController(claim, set, pod)) return !ownedBySet && !ownedByPod;
  const isOurs = ({ uid }: OwnerReference): boolean => uid === set.metadata.uid || uid === pod.metadata.uid;
  if (claim.metadata.ownerReferences?.some((owner) => isOurs(owner) && owner.controller !== true)) return false;
  const wanted = wantedOwner(set, pod);
  return ownedBySet === (wanted === 'set') && ownedByPod === (wanted === 'pod');
}

export function ownersAfterUpdate(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: AnyPod,
): readonly OwnerReference[] {
  const others = (claim.metadata.ownerReferences ?? []).filter(
    (owner) => !refersTo(owner, set, statefulSets) && !refersTo(owner, pod, pods),
  );
  if (hasOtherController(claim, set, pod)) return others;
  switch (wantedOwner(set, pod)) {
    case 'set':
      return withController(others, set, statefulSets);
    case 'pod':
      return withController(others, pod as KubeObject, pods);
    case 'nobody':
      return others;
  }
}

/** A controller that is neither the set nor the pod, or was of the same name. */
export function hasOtherController(claim: PersistentVolumeClaim, set: StatefulSet, pod: AnyPod): boolean {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false;
  return (claim.metadata.ownerReferences ?? []).some((owner) => {
    if (refersTo(owner, set, statefulSets)) return owner.uid !== set.metadata.uid;
    if (refersTo(owner, pod, pods)) return owner.uid !== (pod.metadata.uid ?? '');
    return owner.controller === true;
  });
}

/** The claim is about to be deleted with a former pod of that name: a new pod must wait for a new claim. */
export function isClaimStale(claim: PersistentVolumeClaim, set: StatefulSet, pod: AnyPod): boolean {
  return policyOf(set).whenScaled !== 'Retain' && hasStaleOwner(claim, pod, pods);
}

function wantedOwner(set: StatefulSet, pod: AnyPod): 'set' | 'pod' | 'nobody' {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenScaled === 'Delete' && !isInRange(set, pod)) return 'pod';
  return whenDeleted === 'Delete' ? 'set' : 'nobody';
}

function policyOf({ spec }: StatefulSet): { readonly whenDeleted: string; readonly whenScaled: string } {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return { whenDeleted, whenScaled };
}

type Named = { readonly metadata: { readonly name?: string; readonly uid?: string } };

function refersTo(owner: OwnerReference, { metadata }: Named, type: ResourceType): boolean {
  return owner.apiVersion === apiVersionOf(type) && owner.kind === type.kind && owner.name === metadata.name;
}

function hasStaleOwner({ metadata }: PersistentVolumeClaim, object: Named, type: ResourceType): boolean {
  const owner = metadata.ownerReferences?.find((each) => refersTo(each, object, type));
  return owner !== undefined && owner.uid !== (object.metadata.uid ?? '');
}

function isOwnedBy({ metadata }: PersistentVolumeClaim, owner: Named): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;
}

function withController(
  owners: readonly OwnerReference[],
  owner: KubeObject,
  type: ResourceType,
): readonly OwnerReference[] {
  if (owners.some(({ uid }) => uid === owner.metadata.uid)) return owners;
  return [...owners, newControllerRef(owner, type)];
}

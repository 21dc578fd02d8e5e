import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';
import type { Listers } from '../framework/snapshot.ts';

/** How pods, claims, volumes and storage classes refer to each other. */
export interface ClaimReference {
  readonly claimName: string;
  /** Of a volume that lives and dies with the pod. */
  readonly ephemeral: boolean;
}

/** The claim a volume of the pod uses, if it uses one. */
export function claimReference(pod: Pod, volume: Volume): ClaimReference | undefined {
  if (volume.persistentVolumeClaim) return { claimName: volume.persistentVolumeClaim.claimName, ephemeral: false };
  if (volume.ephemeral) return { claimName: `${pod.metadata.name}-${volume.name}`, ephemeral: true };
  return undefined;
}

export function claimReferences(pod: Pod): readonly ClaimReference[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => claimReference(pod, volume) ?? []);
}

/** Whether the pod uses this claim, ephemeral volumes included. */
export function usesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  return (
    claim.metadata.namespace === pod.metadata.namespace &&
    claimReferences(pod).some(({ claimName }) => claimName === claim.metadata.name)
  );
}

/** What is wrong if the claim was not made for the pod. */
export function whyNotOwned(pod: Pod, claim: PersistentVolumeClaim): string | undefined {
  const { namespace, name, ownerReferences } = claim.metadata;
  if (ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid)) return undefined;
  return `PVC ${namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`;
}

export function missingClaim(name: string): string {
  return `persistentvolumeclaim "${name}" not found`;
}

export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** The name of the storage class; empty if there is none. */
export function classNameOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

export function classOf(claim: PersistentVolumeClaim, listers: Listers): StorageClass | undefined {
  const name = classNameOf(claim);
  return name === '' ? undefined : listers.storageClasses.get({ name });
}

/** Whether both the claim and the volume controller are done with it. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
}

import { isNotFound } from '@kts/apimachinery';
import { persistentVolumeClaims, persistentVolumes } from '@kts/api';
import type { PersistentVolume, Pod, Volume } from '@kts/api/types/core-v1';
import type { Client } from '@kts/client';
import { VolumeError } from './volume-payload.ts';

/** The claim that a volume stands for; `undefined`: it does not stand for one. */
export function claimName(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined;
}

const PROTECTION_FINALIZER = 'kubernetes.io/pvc-protection';

/**
 * The persistent volume behind a claim. Throws VolumeError with the reason why it cannot be used (yet).
 *
 * Mirrors: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go (v1.36)
 */
export async function resolveClaim(
  client: Client,
  pod: Pod,
  volume: Volume,
  claim: string,
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const { namespace } = pod.metadata;
  try {
    return await boundVolume(client, pod, volume, { namespace, name: claim }, signal);
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    throw new VolumeError(`error processing PVC ${namespace}/${claim}: ${error.message}`);
  }
}

async function boundVolume(
  client: Client,
  pod: Pod,
  volume: Volume,
  key: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<PersistentVolume> {
  const claim = await fetch(client.get(persistentVolumeClaims, key, { signal }), 'failed to fetch PVC from API server');
  const { deletionTimestamp, finalizers, ownerReferences, uid } = claim.metadata;
  if (deletionTimestamp && !finalizers?.includes(PROTECTION_FINALIZER)) throw new VolumeError('PVC is being deleted');
  if (claim.status?.phase !== 'Bound') throw new VolumeError('PVC is not bound');
  const { volumeName } = claim.spec;
  if (!volumeName) throw new VolumeError('PVC has empty pvc.Spec.VolumeName');
  if (volume.ephemeral && !ownerReferences?.some((owner) => owner.controller && owner.uid === pod.metadata.uid)) {
    throw new VolumeError(
      `PVC ${key.namespace}/${key.name} was not created for pod ${key.namespace}/${pod.metadata.name} (pod is not owner)`,
    );
  }
  const found = await fetch(
    client.get(persistentVolumes, { name: volumeName }, { signal }),
    `failed to fetch PV ${volumeName} from API server`,
  );
  const reference = found.spec.claimRef;
  if (!reference) {
    throw new VolumeError(
      `found PV object ${volumeName} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`,
    );
  }
  if (reference.uid !== uid) {
    throw new VolumeError(
      `found PV object ${volumeName} but its pv.Spec.ClaimRef.UID ${reference.uid ?? ''} does not point to claim.UID ${uid}`,
    );
  }
  return found;
}

async function fetch<T>(request: Promise<T>, what: string): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) throw new VolumeError(`${what}: ${(error as Error).message}`);
    throw error;
  }
}

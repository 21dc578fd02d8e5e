/**
 * What a volume needs, by the claim that it names. Pure.
 *
 * Mirrors: syncVolume, reclaimVolume in pkg/controller/volume/persistentvolume/pv_controller.go (v1.36)
 * Differs: recycles nothing, because Recycle has long been deprecated; such volumes fail as those do that no plugin can
 * recycle. Deletes no directories: of a hostPath volume below /tmp only the object goes.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';

import { hasSameMode } from './volume-match.ts';

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
const MIGRATED_TO = 'pv.kubernetes.io/migrated-to';

export type VolumePlan =
  | { readonly do: 'set phase'; readonly phase: 'Available' | 'Bound' }
  /** The claim is to be bound: that is its own affair. */
  | { readonly do: 'wait for claim' }
  | { readonly do: 'mismatch' }
  /** The claim belongs to another volume. */
  | { readonly do: 'unbind' }
  | { readonly do: 'release'; readonly reclaim: Reclaim };

export type Reclaim =
  | { readonly do: 'keep' }
  | { readonly do: 'delete' }
  | { readonly do: 'fail'; readonly reason: string; readonly message: string };

/** @param claim of the name that the volume has, if there is one */
export function planVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumePlan {
  const { claimRef } = volume.spec ?? {};
  if (!claimRef?.uid) return { do: 'set phase', phase: 'Available' };
  if (claim?.metadata.uid !== claimRef.uid) return { do: 'release', reclaim: planReclaim(volume) };
  const { volumeName } = claim.spec ?? {};
  if (!volumeName) return hasSameMode(volume, claim) ? { do: 'wait for claim' } : { do: 'mismatch' };
  if (volumeName === volume.metadata.name) return { do: 'set phase', phase: 'Bound' };
  const isProvisioned = volume.metadata.annotations?.[PROVISIONED_BY] !== undefined;
  const isDeletable = volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return isProvisioned && isDeletable ? { do: 'release', reclaim: planReclaim(volume) } : { do: 'unbind' };
}

function planReclaim(volume: PersistentVolume): Reclaim {
  const { name, annotations } = volume.metadata;
  if (annotations?.[MIGRATED_TO]) return { do: 'keep' };
  switch (volume.spec?.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { do: 'keep' };
    case 'Recycle':
      return { do: 'fail', reason: 'VolumeFailedRecycle', message: 'No recycler plugin found for the volume!' };
    case 'Delete':
      return planDeletion(volume, name);
    case undefined:
    default: {
      const message = 'Volume has unrecognized PersistentVolumeReclaimPolicy';
      return { do: 'fail', reason: 'VolumeUnknownReclaimPolicy', message };
    }
  }
}

/** Whoever has provisioned a volume deletes it. */
function planDeletion({ metadata, spec }: PersistentVolume, name: string): Reclaim {
  const failed = (message: string): Reclaim => ({ do: 'fail', reason: 'VolumeFailedDelete', message });
  const provisioner = metadata.annotations?.[PROVISIONED_BY];
  if (provisioner) {
    if (!provisioner.startsWith('kubernetes.io/')) return { do: 'keep' };
    return failed(`no volume plugin matched name: ${provisioner}`);
  }
  if (spec?.csi) return { do: 'keep' };
  if (!spec?.hostPath) {
    const cause = 'no deletable volume plugin matched';
    return failed(`error getting deleter volume plugin for volume ${JSON.stringify(name)}: ${cause}`);
  }
  if (/\/tmp\/.+/.test(spec.hostPath.path)) return { do: 'delete' };
  return failed(`host_path deleter only supports /tmp/.+ but received provided ${spec.hostPath.path}`);
}

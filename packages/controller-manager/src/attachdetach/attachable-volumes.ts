/**
 * Which volumes of pods must be attached to their nodes, and the names that has.
 *
 * Mirrors: pkg/controller/volume/attachdetach/util/util.go, pkg/volume/csi/csi_attacher.go, pkg/volume/util (v1.36)
 * Differs: only volumes of CSI drivers are attached; drivers inside of Kubernetes have moved to CSI, and those that are
 * left (fc, iscsi) attach on the node.
 */
import { createHash } from 'node:crypto';

import type { ContainerStatus, PersistentVolume, PersistentVolumeClaim, Pod } from '@kts/api/types/core-v1';
import type { CSIDriver } from '@kts/api/types/storage-v1';
import { isControlledBy } from '@kts/controlkit';

export interface Attachment {
  /** Of the VolumeAttachment. */
  readonly name: string;
  readonly driver: string;
  readonly handle: string;
  readonly node: string;
  readonly volume: PersistentVolume;
}

export interface VolumeCaches {
  readonly claim: (namespace: string, name: string) => PersistentVolumeClaim | undefined;
  readonly volume: (name: string) => PersistentVolume | undefined;
  readonly driver: (name: string) => CSIDriver | undefined;
}

/** What the pod needs attached, whether it still runs or not. */
export function attachmentsOf(pod: Pod, caches: VolumeCaches): readonly Attachment[] {
  const { nodeName } = pod.spec;
  if (!nodeName) return [];
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const claimName = volume.persistentVolumeClaim?.claimName;
    const name = claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
    const claim = name === undefined ? undefined : caches.claim(pod.metadata.namespace, name);
    if (!claim || (volume.ephemeral && !isControlledBy(claim, pod))) return [];
    const bound = boundVolume(claim, caches);
    const attachment = bound && attachmentOf(bound, nodeName);
    return attachment && needsAttach(caches.driver(attachment.driver)) ? [attachment] : [];
  });
}

/** Undefined for a volume that no CSI driver has. */
export function attachmentOf(volume: PersistentVolume, node: string): Attachment | undefined {
  const { csi } = volume.spec ?? {};
  if (!csi) return undefined;
  const { driver, volumeHandle: handle } = csi;
  return { name: attachmentName(driver, handle, node), driver, handle, node, volume };
}

export function attachmentName(driver: string, handle: string, node: string): string {
  return `csi-${createHash('sha256').update(`${handle}${driver}${node}`).digest('hex')}`;
}

/** How the volume is called in the status of nodes. */
export function uniqueVolumeName({ driver, handle }: Pick<Attachment, 'driver' | 'handle'>): string {
  return `kubernetes.io/csi/${driver}^${handle}`;
}

/** A driver that says nothing needs it. */
export function needsAttach(driver: CSIDriver | undefined): boolean {
  return driver?.spec.attachRequired !== false;
}

/** On several nodes at a time; a volume that does not say how it may be used is left to its driver. */
export function allowsMultiAttach({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany');
}

/** Nothing of it uses its volumes any more. */
export function isPodTerminated({ metadata, status }: Pod): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  const statuses = [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
  return metadata.deletionTimestamp !== undefined && statuses.every(isStopped);
}

function isStopped({ state }: ContainerStatus): boolean {
  return state?.terminated !== undefined || state?.waiting !== undefined;
}

/** The volume, if both sides agree that it is the claim's. */
function boundVolume(claim: PersistentVolumeClaim, caches: VolumeCaches): PersistentVolume | undefined {
  const { volumeName } = claim.spec;
  if (claim.status?.phase !== 'Bound' || !volumeName) return undefined;
  const volume = caches.volume(volumeName);
  return volume?.spec?.claimRef?.uid === claim.metadata.uid ? volume : undefined;
}

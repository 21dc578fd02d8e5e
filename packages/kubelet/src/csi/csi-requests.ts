import { createHash } from 'node:crypto';

import type { PersistentVolume, Pod } from '@kts/api/types/core-v1';
import type { CSIDriver } from '@kts/api/types/storage-v1';

/** A volume of a driver as a pod has it. */
export interface CsiVolume {
  /** The PersistentVolume's name; of an inline volume its own in the pod. */
  readonly name: string;
  readonly driver: string;
  readonly handle: string;
  readonly lifecycle: 'Persistent' | 'Ephemeral';
  readonly fsType: string;
  readonly mountOptions: readonly string[];
  readonly accessModes: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly readOnly: boolean;
  readonly stageSecret?: SecretKey;
  readonly publishSecret?: SecretKey;
}

export interface SecretKey {
  readonly namespace: string;
  readonly name: string;
}

/** The volume behind a claim. */
export function persistentCsiVolume(found: PersistentVolume, readOnly: boolean): CsiVolume {
  const csi = found.spec.csi!;
  const key = (reference: { readonly name?: string; readonly namespace?: string } | undefined): SecretKey | undefined =>
    reference?.name ? { namespace: reference.namespace ?? '', name: reference.name } : undefined;
  const [stageSecret, publishSecret] = [key(csi.nodeStageSecretRef), key(csi.nodePublishSecretRef)];
  return {
    name: found.metadata.name,
    driver: csi.driver,
    handle: csi.volumeHandle,
    lifecycle: 'Persistent',
    fsType: csi.fsType ?? '',
    mountOptions: found.spec.mountOptions ?? [],
    accessModes: found.spec.accessModes ?? [],
    attributes: csi.volumeAttributes ?? {},
    readOnly: readOnly || (csi.readOnly ?? false),
    ...(stageSecret ? { stageSecret } : {}),
    ...(publishSecret ? { publishSecret } : {}),
  };
}

/** A volume that is written down in the pod and lives as long as it. */
export function inlineCsiVolume(pod: Pod, volume: NonNullable<Pod['spec']['volumes']>[number]): CsiVolume {
  const csi = volume.csi!;
  const secret = csi.nodePublishSecretRef?.name;
  return {
    name: volume.name,
    driver: csi.driver,
    handle: `csi-${sha256(`${pod.metadata.uid}${volume.name}`)}`,
    lifecycle: 'Ephemeral',
    fsType: csi.fsType ?? '',
    mountOptions: [],
    accessModes: ['ReadWriteOnce'],
    attributes: csi.volumeAttributes ?? {},
    readOnly: csi.readOnly ?? false,
    ...(secret ? { publishSecret: { namespace: pod.metadata.namespace, name: secret } } : {}),
  };
}

/**
 * How drivers call an access mode.
 *
 * Mirrors: pkg/volume/csi/csi_client.go, asCSIAccessModeV1, asSingleNodeMultiWriterCapableCSIAccessModeV1 (v1.36)
 */
export function csiAccessMode(modes: readonly string[], knowsSingleNodeMultiWriter: boolean): string {
  const [mode = ''] = modes;
  if (knowsSingleNodeMultiWriter && mode === 'ReadWriteOncePod') return 'SINGLE_NODE_SINGLE_WRITER';
  if (knowsSingleNodeMultiWriter && mode === 'ReadWriteOnce') return 'SINGLE_NODE_MULTI_WRITER';
  return ACCESS_MODES[mode] ?? 'UNKNOWN';
}

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'SINGLE_NODE_WRITER',
  ReadWriteOncePod: 'SINGLE_NODE_WRITER',
  ReadOnlyMany: 'MULTI_NODE_READER_ONLY',
  ReadWriteMany: 'MULTI_NODE_MULTI_WRITER',
};

/** What a driver may know of the pod, if it asks for it. */
export function podInfo(pod: Pod, volume: CsiVolume, driver: CSIDriver | undefined): Readonly<Record<string, string>> {
  if (!driver?.spec.podInfoOnMount) return {};
  return {
    'csi.storage.k8s.io/pod.name': pod.metadata.name,
    'csi.storage.k8s.io/pod.namespace': pod.metadata.namespace,
    'csi.storage.k8s.io/pod.uid': pod.metadata.uid,
    'csi.storage.k8s.io/serviceAccount.name': pod.spec.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(volume.lifecycle === 'Ephemeral'),
  };
}

/** Whether the kubelet gives the volume to the pod's group. */
export function changesOwnership(volume: CsiVolume, driver: CSIDriver | undefined): boolean {
  if (volume.readOnly) return false;
  switch (driver?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType') {
    case 'File':
      return true;
    case 'None':
      return false;
    default:
      return volume.fsType !== '' && volume.accessModes.includes('ReadWriteOnce');
  }
}

/** Where the driver makes the volume ready for all pods of the node. */
export function stagingDirectory(rootDirectory: string, volume: Pick<CsiVolume, 'driver' | 'handle'>): string {
  return `${rootDirectory}/plugins/kubernetes.io/csi/${volume.driver}/${sha256(volume.handle)}`;
}

/** How a volume is called in the status of nodes. */
export function uniqueVolumeName({ driver, handle }: Pick<CsiVolume, 'driver' | 'handle'>): string {
  return `kubernetes.io/csi/${driver}^${handle}`;
}

export function attachmentName({ driver, handle }: Pick<CsiVolume, 'driver' | 'handle'>, nodeName: string): string {
  return `csi-${sha256(`${handle}${driver}${nodeName}`)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

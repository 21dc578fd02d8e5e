import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec } from '@kts/api/types/core-v1';
import type { StorageClass } from '@kts/api/types/storage-v1';

/** Builders for tests of volumes and claims. */
export interface VolumeFields {
  readonly name: string;
  readonly size?: string;
  readonly className?: string;
  readonly modes?: NonNullable<PersistentVolume['spec']>['accessModes'];
  readonly claimName?: string;
  readonly claimUid?: string;
  readonly policy?: 'Retain' | 'Delete' | 'Recycle';
  readonly annotations?: Readonly<Record<string, string>>;
  readonly source?: Partial<NonNullable<PersistentVolume['spec']>>;
  readonly phase?: 'Available' | 'Bound' | 'Released' | 'Failed';
}

export function volume(fields: VolumeFields): PersistentVolume {
  const { name, size = '1Gi', className, modes = ['ReadWriteOnce'], claimName, claimUid, annotations } = fields;
  const claimRef = { namespace: 'default', name: claimName ?? '', ...(claimUid ? { uid: claimUid } : {}) };
  const { namespace: _none, ...meta } = metadata(name);
  return {
    metadata: { ...meta, ...(annotations ? { annotations } : {}) },
    spec: {
      capacity: { storage: size },
      accessModes: modes,
      persistentVolumeReclaimPolicy: fields.policy ?? 'Retain',
      ...(className ? { storageClassName: className } : {}),
      ...(claimName ? { claimRef } : {}),
      ...fields.source,
    },
    status: { phase: fields.phase ?? 'Available' },
  };
}

export function claim(
  spec: PersistentVolumeClaimSpec = {},
  annotations?: Readonly<Record<string, string>>,
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata('data'), ...(annotations ? { annotations } : {}) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
    status: { phase: 'Pending' },
  };
}

export function storageClass(name: string, fields: Partial<StorageClass> = {}, isDefault = false): StorageClass {
  const { namespace: _none, ...meta } = metadata(name);
  const annotations = { 'storageclass.kubernetes.io/is-default-class': String(isDefault) };
  return { metadata: { ...meta, annotations }, provisioner: 'csi.test', ...fields };
}

function metadata(name: string): PersistentVolumeClaim['metadata'] {
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
}

/**
 * What is out of date about a volume.
 *
 * Mirrors: pkg/api/persistentvolume/util.go (v1.36)
 */
import { FieldPath } from '@kts/apimachinery';
import type { PersistentVolume } from '../gen/core-v1.gen.ts';
import { nodeSelectorTermWarnings } from './node-label-warnings.ts';

const ANNOTATIONS = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;

/** The member, what messages call it, and since when it is out of date. */
const SOURCES = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

export function volumeWarnings({ metadata, spec }: PersistentVolume): readonly string[] {
  const { annotations = {} } = metadata;
  const terms = FieldPath.of('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  return [
    ...ANNOTATIONS.filter(([key]) => key in annotations).map(
      ([key, advice]) => `metadata.annotations[${key}]: ${advice}`,
    ),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeSelectorTermWarnings(term, terms.index(index), false),
    ),
    ...SOURCES.filter(([member]) => spec[member]).map(([, name, advice]) => `spec.${name}: ${advice}`),
  ];
}

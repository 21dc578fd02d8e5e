/** Mirrors: staging/src/k8s.io/pod-security-admission/policy/check_restrictedVolumes.go (v1.36) */
import type { Volume } from '@kts/api/types/core-v1';

import { plural, quoted, sortedSet, type CheckPod, type PodCheck } from '../pod-check.ts';
import { hostPathVolumes } from './host-path-volumes.ts';

const ALLOWED = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const satisfies readonly (keyof Volume)[];

/** In the order in which a volume is asked which of them it is. */
const RESTRICTED = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const satisfies readonly (keyof Volume)[];

const check: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => ALLOWED.every((type) => volume[type] === undefined));
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.map((volume) => RESTRICTED.find((type) => volume[type] !== undefined) ?? 'unknown'));
  const names = quoted(bad.map(({ name }) => name));
  const uses = `${plural(bad.length, 'uses', 'use')} ${plural(types.length, 'restricted volume type')}`;
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${names} ${uses} ${quoted(types)}`,
  };
};

export const restrictedVolumes: PodCheck = {
  id: 'restrictedVolumes',
  level: 'restricted',
  versions: [{ since: 0, check, overrides: [hostPathVolumes.id] }],
};

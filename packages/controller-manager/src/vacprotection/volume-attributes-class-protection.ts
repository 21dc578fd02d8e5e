/**
 * Classes of volume attributes stay while a volume or a claim has them.
 *
 * Mirrors: pkg/controller/volume/vacprotection (v1.36)
 */
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '@kts/api';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { VolumeAttributesClass } from '@kts/api/types/storage-v1';
import type { ObjectKey } from '@kts/apimachinery';
import { defineController, watching, type AnyControllerDefinition } from '@kts/controlkit';

import { planProtection, withFinalizer, type ProtectionStep } from '../volumeprotection/volume-protection.ts';

export const CLASS_FINALIZER = 'kubernetes.io/vac-protection';
const BY_CLASS = 'volumeAttributesClass';

interface Observed {
  readonly attributesClass: VolumeAttributesClass;
  readonly isUsed: boolean;
}

export const volumeAttributesClassProtection: AnyControllerDefinition = defineController<
  VolumeAttributesClass,
  Observed,
  ProtectionStep
>({
  name: 'volumeattributesclass-protection-controller',
  for: volumeAttributesClasses,
  watches: [
    watching(persistentVolumeClaims, {
      map: (claim) => asKeys(classesOfClaim(claim)),
      changed: (old, claim) => isOther(classesOfClaim(old), classesOfClaim(claim)),
    }),
    watching(persistentVolumes, {
      map: (volume) => asKeys(classesOfVolume(volume)),
      changed: (old, volume) => isOther(classesOfVolume(old), classesOfVolume(volume)),
    }),
  ],
  setup: ({ informers }) => {
    informers.get(persistentVolumeClaims).addIndex(BY_CLASS, classesOfClaim);
    informers.get(persistentVolumes).addIndex(BY_CLASS, classesOfVolume);
  },
  observe: ({ name }, { informers }) => {
    const attributesClass = informers.get(volumeAttributesClasses).get({ name });
    if (!attributesClass) return undefined;
    const claims = informers.get(persistentVolumeClaims).byIndex(BY_CLASS, name);
    const volumes = informers.get(persistentVolumes).byIndex(BY_CLASS, name);
    return { attributesClass, isUsed: claims.length + volumes.length > 0 };
  },
  plan: ({ attributesClass, isUsed }) => planProtection(attributesClass, CLASS_FINALIZER, isUsed),
  apply: async (step, { attributesClass }, { client, signal }) => {
    if (step === 'nothing') return;
    await client.update(volumeAttributesClasses, withFinalizer(attributesClass, CLASS_FINALIZER, step), { signal });
  },
});

/** What it has, what it wants, and what it is changing to. */
export function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as readonly string[];
}

export function classesOfVolume({ spec }: PersistentVolume): readonly string[] {
  return spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

function asKeys(names: readonly string[]): readonly ObjectKey[] {
  return names.map((name) => ({ name }));
}

function isOther(before: readonly string[], after: readonly string[]): boolean {
  return before.some((name) => !after.includes(name));
}

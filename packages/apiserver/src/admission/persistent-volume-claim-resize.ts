/**
 * Only claims whose storage class says that their volumes can grow may ask for more.
 *
 * Mirrors: plugin/pkg/admission/storage/persistentvolume/resize (v1.36)
 */
import { quantityCompare } from '@kts/apimachinery';
import { storageClasses } from '@kts/api';
import type { PersistentVolumeClaim } from '@kts/api/types/core-v1';

import { only, type AdmissionPlugin } from './admission.ts';
import { forbiddenBy } from './forbidden.ts';
import type { LiveObjects } from './live-objects.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

export function persistentVolumeClaimResize(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    concerns: only('persistentvolumeclaims'),
    async validate(attributes) {
      if (attributes.subresource !== '') return;
      if (attributes.operation !== 'UPDATE' || !attributes.object || !attributes.old) return;
      const claim = attributes.object as unknown as PersistentVolumeClaim;
      const old = attributes.old as PersistentVolumeClaim;
      if (quantityCompare(sizeOf(claim), sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound') {
        throw forbiddenBy(attributes, 'Only bound persistent volume claims can be expanded');
      }
      const className = classOf(old);
      const found = className === '' ? undefined : await live.get(storageClasses, '', className);
      if (className === classOf(claim) && found?.allowVolumeExpansion) return;
      throw forbiddenBy(
        attributes,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? '0';
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

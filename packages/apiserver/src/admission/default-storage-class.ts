/**
 * Claims that name no storage class get the default one.
 *
 * Mirrors: plugin/pkg/admission/storage/storageclass/setdefault and pkg/volume/util GetDefaultClass (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import { storageClasses } from '@kts/api';
import type { PersistentVolumeClaim } from '@kts/api/types/core-v1';

import { only, type AdmissionPlugin } from './admission.ts';
import { newestDefault } from './default-class.ts';
import type { LiveObjects } from './live-objects.ts';

const ANNOTATIONS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** The old way to name a class. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

export function defaultStorageClass(live: LiveObjects): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    concerns: only('persistentvolumeclaims'),
    async admit(attributes) {
      if (attributes.operation !== 'CREATE' || attributes.subresource !== '' || !attributes.object) return;
      const claim = attributes.object as unknown as Draft<PersistentVolumeClaim>;
      if (claim.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return;
      if (claim.spec?.storageClassName !== undefined) return;
      const found = newestDefault(await live.list(storageClasses, ''), ANNOTATIONS);
      if (found) claim.spec = { ...claim.spec, storageClassName: found.metadata.name } as typeof claim.spec;
    },
  };
}

/**
 * Claims and volumes get a finalizer, so that they outlive their use.
 *
 * Mirrors: plugin/pkg/admission/storage/storageobjectinuseprotection (v1.36)
 */
import { resourceOf, type AdmissionPlugin } from './admission.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  concerns: (target) => resourceOf(target) in FINALIZERS,
  admit(attributes) {
    const finalizer = FINALIZERS[resourceOf(attributes)];
    if (!finalizer || attributes.subresource !== '' || attributes.operation !== 'CREATE' || !attributes.object) return;
    const { metadata } = attributes.object;
    const present = metadata.finalizers ?? [];
    if (!present.includes(finalizer)) metadata.finalizers = [...present, finalizer];
  },
};

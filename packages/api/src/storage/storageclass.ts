import { defineResource } from '../define-resource.ts';
import type { StorageClass } from '../gen/storage-v1.gen.ts';

export const storageClasses = defineResource<StorageClass>('storage.k8s.io/v1', 'storageclasses');

import { defineResource } from '../define-resource.ts';
import type { CSIStorageCapacity } from '../gen/storage-v1.gen.ts';

export const csiStorageCapacities = defineResource<CSIStorageCapacity>('storage.k8s.io/v1', 'csistoragecapacities');

import { defineResource } from '../define-resource.ts';
import type { CSIDriver } from '../gen/storage-v1.gen.ts';

export const csiDrivers = defineResource<CSIDriver>('storage.k8s.io/v1', 'csidrivers');

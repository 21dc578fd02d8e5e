import { defineResource } from '../define-resource.ts';
import type { PersistentVolumeClaim } from '../gen/core-v1.gen.ts';

export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>('v1', 'persistentvolumeclaims');

import { defineResource } from '../define-resource.ts';
import type { PersistentVolume } from '../gen/core-v1.gen.ts';

export const persistentVolumes = defineResource<PersistentVolume>('v1', 'persistentvolumes');

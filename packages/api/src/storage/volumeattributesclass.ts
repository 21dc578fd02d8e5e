import { defineResource } from '../define-resource.ts';
import type { VolumeAttributesClass } from '../gen/storage-v1.gen.ts';

export const volumeAttributesClasses = defineResource<VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'volumeattributesclasses',
);

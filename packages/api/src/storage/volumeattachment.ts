import { defineResource } from '../define-resource.ts';
import type { VolumeAttachment } from '../gen/storage-v1.gen.ts';

export const volumeAttachments = defineResource<VolumeAttachment>('storage.k8s.io/v1', 'volumeattachments');

import { defineResource } from '../define-resource.ts';
import type { CSINode } from '../gen/storage-v1.gen.ts';

export const csiNodes = defineResource<CSINode>('storage.k8s.io/v1', 'csinodes');

import { defineResource } from '../define-resource.ts';
import type { ResourceSlice } from '../gen/resource-v1.gen.ts';

export const resourceSlices = defineResource<ResourceSlice>('resource.k8s.io/v1', 'resourceslices');

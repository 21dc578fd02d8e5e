import { defineResource } from '../define-resource.ts';
import type { ResourceClaim } from '../gen/resource-v1.gen.ts';

export const resourceClaims = defineResource<ResourceClaim>('resource.k8s.io/v1', 'resourceclaims');

import { defineResource } from '../define-resource.ts';
import type { ResourceClaimTemplate } from '../gen/resource-v1.gen.ts';

export const resourceClaimTemplates = defineResource<ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'resourceclaimtemplates',
);

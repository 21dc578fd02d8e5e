import { defineResource } from '../define-resource.ts';
import type { ResourceQuota } from '../gen/core-v1.gen.ts';

export const resourceQuotas = defineResource<ResourceQuota>('v1', 'resourcequotas');

import { defineResource } from '../define-resource.ts';
import type { Deployment } from '../gen/apps-v1.gen.ts';

export const deployments = defineResource<Deployment>('apps/v1', 'deployments');

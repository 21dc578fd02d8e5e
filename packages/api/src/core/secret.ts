import { defineResource } from '../define-resource.ts';
import type { Secret } from '../gen/core-v1.gen.ts';

export const secrets = defineResource<Secret>('v1', 'secrets');

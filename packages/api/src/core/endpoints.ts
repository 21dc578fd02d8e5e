import { defineResource } from '../define-resource.ts';
import type { Endpoints } from '../gen/core-v1.gen.ts';

export const endpoints = defineResource<Endpoints>('v1', 'endpoints');

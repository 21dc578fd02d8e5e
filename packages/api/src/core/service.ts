import { defineResource } from '../define-resource.ts';
import type { Service } from '../gen/core-v1.gen.ts';

export const services = defineResource<Service>('v1', 'services');

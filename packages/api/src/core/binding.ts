import { defineResource } from '../define-resource.ts';
import type { Binding } from '../gen/core-v1.gen.ts';

export const bindings = defineResource<Binding>('v1', 'bindings');

import { defineResource } from '../define-resource.ts';
import type { Namespace } from '../gen/core-v1.gen.ts';

export const namespaces = defineResource<Namespace>('v1', 'namespaces');

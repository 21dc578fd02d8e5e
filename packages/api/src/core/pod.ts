import { defineResource } from '../define-resource.ts';
import type { Pod } from '../gen/core-v1.gen.ts';

export const pods = defineResource<Pod>('v1', 'pods');

import { defineResource } from '../define-resource.ts';
import type { Node } from '../gen/core-v1.gen.ts';

export const nodes = defineResource<Node>('v1', 'nodes');

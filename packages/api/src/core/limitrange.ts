import { defineResource } from '../define-resource.ts';
import type { LimitRange } from '../gen/core-v1.gen.ts';

export const limitRanges = defineResource<LimitRange>('v1', 'limitranges');

import { defineResource } from '../define-resource.ts';
import type { StatefulSet } from '../gen/apps-v1.gen.ts';

export const statefulSets = defineResource<StatefulSet>('apps/v1', 'statefulsets');

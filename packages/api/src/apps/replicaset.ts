import { defineResource } from '../define-resource.ts';
import type { ReplicaSet } from '../gen/apps-v1.gen.ts';

export const replicaSets = defineResource<ReplicaSet>('apps/v1', 'replicasets');

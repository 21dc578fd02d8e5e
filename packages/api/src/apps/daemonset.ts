import { defineResource } from '../define-resource.ts';
import type { DaemonSet } from '../gen/apps-v1.gen.ts';

export const daemonSets = defineResource<DaemonSet>('apps/v1', 'daemonsets');

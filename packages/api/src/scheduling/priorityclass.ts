import { defineResource } from '../define-resource.ts';
import type { PriorityClass } from '../gen/scheduling-v1.gen.ts';

export const priorityClasses = defineResource<PriorityClass>('scheduling.k8s.io/v1', 'priorityclasses');

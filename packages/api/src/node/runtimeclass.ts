import { defineResource } from '../define-resource.ts';
import type { RuntimeClass } from '../gen/node-v1.gen.ts';

export const runtimeClasses = defineResource<RuntimeClass>('node.k8s.io/v1', 'runtimeclasses');

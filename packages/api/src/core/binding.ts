import { defineResource } from '../define-resource.ts';
import type { Binding } from '../gen/core-v1.gen.ts';

/** Puts a pod on a node. The older way; the same as the `binding` subresource of the pod. */
export const bindings = defineResource<Binding>('v1', 'bindings', { generation: 'none' });

import { defineResource } from '../define-resource.ts';
import type { FlowSchema } from '../gen/flowcontrol-v1.gen.ts';

export const flowSchemas = defineResource<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'flowschemas');

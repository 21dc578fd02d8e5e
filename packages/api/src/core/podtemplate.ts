import { defineResource } from '../define-resource.ts';
import type { PodTemplate } from '../gen/core-v1.gen.ts';

export const podTemplates = defineResource<PodTemplate>('v1', 'podtemplates');

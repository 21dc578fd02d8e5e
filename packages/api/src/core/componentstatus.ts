import { defineResource } from '../define-resource.ts';
import type { ComponentStatus } from '../gen/core-v1.gen.ts';

export const componentStatuses = defineResource<ComponentStatus>('v1', 'componentstatuses');

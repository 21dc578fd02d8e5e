import { defineResource } from '../define-resource.ts';
import type { ReplicationController } from '../gen/core-v1.gen.ts';

export const replicationControllers = defineResource<ReplicationController>('v1', 'replicationcontrollers');

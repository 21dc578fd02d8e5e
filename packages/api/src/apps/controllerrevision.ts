import { defineResource } from '../define-resource.ts';
import type { ControllerRevision } from '../gen/apps-v1.gen.ts';

export const controllerRevisions = defineResource<ControllerRevision>('apps/v1', 'controllerrevisions');

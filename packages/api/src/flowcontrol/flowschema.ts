import { defineResource } from '../define-resource.ts';
import type { FlowSchema } from '../gen/flowcontrol-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateFlowConditions, validateFlowSchema } from './flow-schema-validation.ts';

const DEFAULT_PRECEDENCE = 1000;

/**
 * Which requests belong to which priority level.
 *
 * Mirrors: pkg/registry/flowcontrol/flowschema, pkg/apis/flowcontrol/v1 (v1.36)
 */
export const flowSchemas = defineResource<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'flowschemas', {
  setDefaults: ({ spec }) => {
    if (!spec.matchingPrecedence) spec.matchingPrecedence = DEFAULT_PRECEDENCE;
  },
  prepareForCreate: (draft) => {
    draft.status = {};
  },
  validate: validateFlowSchema,
  validateUpdate: validateFlowSchema,
  validateStatusUpdate: ({ status }) => validateFlowConditions(status?.conditions),
  compareRows: (a, b) => (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0),
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.priorityLevelConfiguration.name,
    spec.matchingPrecedence ?? 0,
    spec.distinguisherMethod?.type ?? '<none>',
    age(metadata.creationTimestamp, now),
    status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
});

import {
  FieldPath,
  isDNS1123Subdomain,
  labelSetMatcher,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { validateReplicaStatus } from '../apps/replicaset.ts';
import { checkTemplateLabels, validateLongRunning } from '../apps/rollout-validation.ts';
import { defineResource } from '../define-resource.ts';
import { checkNonNegative } from '../field-checks.ts';
import type { ReplicationController, ReplicationControllerSpec } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setPodTemplateDefaults } from './pod-defaults.ts';
import { dropDisabledPodFields } from './pod-disabled-fields.ts';
import { rulesForTemplate } from './pod-rules.ts';
import { validatePodTemplateSpec } from './pod-spec-validation.ts';
import { containerCells, formatLabels, nameWarnings, isRevised } from './pod-template.ts';
import { templateWarnings } from './pod-warnings.ts';

const SPEC = FieldPath.of('spec');

/**
 * The predecessor of replica sets.
 *
 * Mirrors: pkg/registry/core/replicationcontroller, ValidateReplicationController... (v1.36)
 */
export const replicationControllers = defineResource<ReplicationController>('v1', 'replicationcontrollers', {
  // The prefix of a generated name is only looked at with that of all kinds.
  validateName: (name, isPrefix) => (isPrefix ? [] : isDNS1123Subdomain(name)),
  setDefaults: setReplicationControllerDefaults,
  prepareForCreate: (draft) => {
    draft.status = { replicas: 0 };
    if (draft.spec?.template?.spec) dropDisabledPodFields(draft.spec.template.spec);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource !== '' || !draft.spec?.template?.spec) return;
    dropDisabledPodFields(draft.spec.template.spec, old.spec?.template?.spec);
  },
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, old) => validateSpec(spec, old.spec),
  validateStatusUpdate: ({ status = { replicas: 0 } }) => validateReplicaStatus(status),
  warnings: ({ metadata, spec }, old) => [
    ...(old ? [] : nameWarnings(metadata.name)),
    ...(isRevised({ metadata }, old) ? templateWarnings(spec?.template, SPEC.child('template')) : []),
  ],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    age(metadata.creationTimestamp, now),
    ...containerCells(spec?.template?.spec?.containers),
    formatLabels(spec?.selector),
  ],
});

/** Labels and selector are those of the template unless they are given. */
function setReplicationControllerDefaults(controller: Draft<ReplicationController>): void {
  const spec = (controller.spec ??= {});
  const labels = spec.template?.metadata?.labels;
  if (labels) {
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  if (spec.template) setPodTemplateDefaults(spec.template);
}

function validateSpec(spec: ReplicationControllerSpec, old?: ReplicationControllerSpec): FieldError[] {
  const { template, selector = {} } = spec;
  const path = SPEC.child('template');
  const matcher = labelSetMatcher(selector);
  return [
    ...checkNonNegative(spec.minReadySeconds, SPEC.child('minReadySeconds')),
    ...(Object.keys(selector).length === 0 ? [required(SPEC.child('selector'))] : []),
    ...checkNonNegative(spec.replicas, SPEC.child('replicas')),
    ...(template ? [] : [required(path)]),
    ...(template && Object.keys(selector).length > 0 ? checkTemplateLabels(template, matcher, path) : []),
    ...(template ? validatePodTemplateSpec(template, path, rulesForTemplate(old?.template)) : []),
    ...(template ? validateLongRunning(template, path.child('spec'), 'ReplicationController') : []),
  ];
}

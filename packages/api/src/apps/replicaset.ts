import { FieldPath, formatLabelSelector, type FieldError } from '@kts/apimachinery';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { rulesForTemplate } from '../core/pod-rules.ts';
import { containerCells, nameWarnings, isRevised } from '../core/pod-template.ts';
import { templateWarnings } from '../core/pod-warnings.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegative } from '../field-checks.ts';
import type { ReplicaSet, ReplicaSetSpec } from '../gen/apps-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateCounters, validateReplicaTemplate, validateWorkloadSelector } from './rollout-validation.ts';

const SPEC = FieldPath.of('spec');

/**
 * A number of equal pods.
 *
 * Mirrors: pkg/registry/apps/replicaset, pkg/apis/apps/{v1/defaults.go,validation} (v1.36)
 */
export const replicaSets = defineResource<ReplicaSet>('apps/v1', 'replicasets', {
  setDefaults: ({ spec }) => {
    spec.replicas ??= 1;
    spec.template ??= {};
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate: (draft) => {
    draft.status = { replicas: 0 };
    dropDisabledPodFields(draft.spec.template!.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource === '') dropDisabledPodFields(draft.spec.template!.spec!, old.spec.template?.spec);
  },
  validate: ({ spec }) => validateReplicaSetSpec(spec),
  validateUpdate: (replicaSet, old) => [
    ...validateReplicaSetSpec(replicaSet.spec, old.spec),
    ...checkImmutable(replicaSet.spec.selector, old.spec.selector, SPEC.child('selector')),
  ],
  validateStatusUpdate: ({ status = { replicas: 0 } }) => validateReplicaStatus(status),
  warnings: (replicaSet, old) => [
    ...(old ? [] : nameWarnings(replicaSet.metadata.name)),
    ...(isRevised(replicaSet, old) ? templateWarnings(replicaSet.spec.template, SPEC.child('template')) : []),
  ],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    age(metadata.creationTimestamp, now),
    ...containerCells(spec.template?.spec?.containers),
    formatLabelSelector(spec.selector),
  ],
});

function validateReplicaSetSpec(spec: ReplicaSetSpec, old?: ReplicaSetSpec): FieldError[] {
  return [
    ...checkNonNegative(spec.replicas, SPEC.child('replicas')),
    ...checkNonNegative(spec.minReadySeconds, SPEC.child('minReadySeconds')),
    // Upstream's text says "deployment" here, too.
    ...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'deployment'),
    ...validateReplicaTemplate(spec.template, spec.selector, SPEC, rulesForTemplate(old?.template)),
  ];
}

interface ReplicaStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
}

/** The status of replica sets and replication controllers. */
export function validateReplicaStatus(status: ReplicaStatus): FieldError[] {
  const above = 'cannot be greater than status.replicas';
  return validateCounters(
    status,
    FieldPath.of('status'),
    [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ],
    [
      ['fullyLabeledReplicas', 'replicas', above],
      ['readyReplicas', 'replicas', above],
      ['availableReplicas', 'replicas', above],
      ['availableReplicas', 'readyReplicas', 'cannot be greater than readyReplicas'],
    ],
  );
}

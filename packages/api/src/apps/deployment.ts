import {
  FieldPath,
  forbidden,
  formatLabelSelector,
  invalid,
  notSupported,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { setPodTemplateDefaults } from '../core/pod-defaults.ts';
import { dropDisabledPodFields } from '../core/pod-disabled-fields.ts';
import { rulesForTemplate } from '../core/pod-rules.ts';
import { containerCells, nameWarnings, isRevised } from '../core/pod-template.ts';
import { templateWarnings } from '../core/pod-warnings.ts';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegative, checkNotDecremented, sameValue } from '../field-checks.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../gen/apps-v1.gen.ts';
import { age } from '../human-duration.ts';
import {
  amountOf,
  validateAtMost100Percent,
  validateCounters,
  validateIntOrPercent,
  validateReplicaTemplate,
  validateWorkloadSelector,
} from './rollout-validation.ts';
import { internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');

/**
 * A number of equal pods that are replaced step by step when their template changes.
 *
 * Mirrors: pkg/registry/apps/deployment, pkg/apis/apps/{v1/defaults.go,validation} (v1.36)
 */
export const deployments = defineResource<Deployment>('apps/v1', 'deployments', {
  setDefaults: setDeploymentDefaults,
  prepareForCreate: (draft) => {
    draft.status = {};
    dropDisabledPodFields(draft.spec.template.spec!);
  },
  prepareForUpdate: (draft, old, { subresource }) => {
    if (subresource === '') dropDisabledPodFields(draft.spec.template.spec!, old.spec.template.spec);
  },
  validate: ({ spec }) => validateDeploymentSpec(spec),
  validateUpdate: (deployment, old) => [
    ...validateDeploymentSpec(deployment.spec, old.spec),
    ...checkImmutable(deployment.spec.selector, old.spec.selector, SPEC.child('selector')),
  ],
  validateStatusUpdate: validateDeploymentStatus,
  generation: (deployment, old) =>
    !sameValue(deployment.spec, old.spec) || !sameValue(deployment.metadata.annotations, old.metadata.annotations),
  warnings: (deployment, old) => [
    ...(old ? [] : nameWarnings(deployment.metadata.name)),
    ...(isRevised(deployment, old) ? templateWarnings(deployment.spec.template, SPEC.child('template')) : []),
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    age(metadata.creationTimestamp, now),
    ...containerCells(spec.template.spec?.containers),
    formatLabelSelector(spec.selector),
  ],
});

function setDeploymentDefaults(deployment: Draft<Deployment>): void {
  const { spec } = deployment;
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  if (!strategy.type) strategy.type = 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.template ??= {};
  setPodTemplateDefaults(spec.template);
}

function validateDeploymentSpec(spec: DeploymentSpec, old?: DeploymentSpec): FieldError[] {
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const errors = [
    ...checkNonNegative(spec.replicas, SPEC.child('replicas')),
    ...validateWorkloadSelector(spec.selector, SPEC.child('selector'), 'deployment'),
    ...validateReplicaTemplate(spec.template, spec.selector, SPEC, rulesForTemplate(old?.template)),
    ...validateStrategy(spec.strategy ?? {}, SPEC.child('strategy')),
    ...checkNonNegative(minReadySeconds, SPEC.child('minReadySeconds')),
    ...checkNonNegative(spec.revisionHistoryLimit, SPEC.child('revisionHistoryLimit')),
    ...checkNonNegative(deadline, SPEC.child('progressDeadlineSeconds')),
  ];
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.push(invalid(SPEC.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function validateStrategy(strategy: DeploymentStrategy, path: FieldPath): FieldError[] {
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    const text = "may not be specified when strategy `type` is 'Recreate'";
    return rollingUpdate ? [forbidden(path.child('rollingUpdate'), text)] : [];
  }
  if (type !== 'RollingUpdate') {
    const internal = internalForm('apps.v1.DeploymentStrategy', strategy);
    return [notSupported(path, internal, ['Recreate', 'RollingUpdate'])];
  }
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
  const at = path.child('rollingUpdate');
  const errors = [
    ...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')),
    ...validateIntOrPercent(maxSurge, at.child('maxSurge')),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    errors.push(invalid(at.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  return [...errors, ...validateAtMost100Percent(maxUnavailable, at.child('maxUnavailable'))];
}

function validateDeploymentStatus({ status = {} }: Deployment, old: Deployment): FieldError[] {
  const path = FieldPath.of('status');
  const above = 'cannot be greater than status.replicas';
  return [
    ...validateCounters(
      status,
      path,
      [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'terminatingReplicas',
        'collisionCount',
      ],
      [
        ['updatedReplicas', 'replicas', above],
        ['readyReplicas', 'replicas', above],
        ['availableReplicas', 'replicas', above],
        ['availableReplicas', 'readyReplicas', 'cannot be greater than readyReplicas'],
      ],
    ),
    ...checkNotDecremented(status.collisionCount, old.status?.collisionCount, path.child('collisionCount')),
  ];
}

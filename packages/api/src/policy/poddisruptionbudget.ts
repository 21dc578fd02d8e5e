import { FieldPath, invalid, isPathSegmentName, type FieldError } from '@kts/apimachinery';
import { validateAtMost100Percent, validateIntOrPercent } from '../apps/rollout-validation.ts';
import { defineResource } from '../define-resource.ts';
import { checkNonNegative, checkSupported } from '../field-checks.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '../gen/policy-v1.gen.ts';
import { age } from '../human-duration.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';
import { internalForm } from '../internal-form.ts';
import { validateConditions } from '../condition-validation.ts';

const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');

/**
 * How many pods of an application may be evicted at a time.
 *
 * Mirrors: pkg/registry/policy/poddisruptionbudget, pkg/apis/policy/validation (v1.36)
 */
export const podDisruptionBudgets = defineResource<PodDisruptionBudget>('policy/v1', 'poddisruptionbudgets', {
  requireResourceVersionOnUpdate: true,
  validateName: isPathSegmentName,
  prepareForCreate: (draft) => {
    draft.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate: ({ spec }) => validateSpec(spec, false),
  validateUpdate: ({ spec }, old) => validateSpec(spec, hasInvalidLabelValue(old.spec?.selector)),
  validateStatusUpdate: ({ status }) => [
    ...validateConditions(status?.conditions, STATUS.child('conditions')),
    ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
      checkNonNegative(status?.[field], STATUS.child(field)),
    ),
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata.name,
    spec?.minAvailable === undefined ? 'N/A' : String(spec.minAvailable),
    spec?.maxUnavailable === undefined ? 'N/A' : String(spec.maxUnavailable),
    status?.disruptionsAllowed ?? 0,
    age(metadata.creationTimestamp, now),
  ],
});

function validateSpec(spec: PodDisruptionBudgetSpec, allowInvalidValues: boolean): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const internal = internalForm('policy.v1.PodDisruptionBudgetSpec', spec);
    errors.push(invalid(SPEC, internal, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[field];
    if (value === undefined) continue;
    errors.push(
      ...validateIntOrPercent(value, SPEC.child(field)),
      ...validateAtMost100Percent(value, SPEC.child(field)),
    );
  }
  errors.push(...validateLabelSelector(selector, SPEC.child('selector'), { allowInvalidValues }));
  if (unhealthyPodEvictionPolicy === undefined) return errors;
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  const path = SPEC.child('unhealthyPodEvictionPolicy');
  return [...errors, ...checkSupported(unhealthyPodEvictionPolicy, policies, path)];
}

/**
 * Tolerations, spread constraints and gates.
 *
 * Mirrors: ValidateTolerations, validateTopologySpreadConstraints and validateSchedulingGates in
 * pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  duplicate,
  invalid,
  isDecimalInteger,
  isLabelValue,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkPositive, checkQualifiedName, checkSupported, invalidEach } from '../field-checks.ts';
import type { PodSchedulingGate, Toleration, TopologySpreadConstraint } from '../gen/core-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';
import { validateMatchLabelKeys } from './affinity-validation.ts';
import type { PodRules } from './pod-rules.ts';

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const INT64_MAX = 2n ** 63n - 1n;

export function validateTolerations(
  tolerations: readonly Toleration[],
  path: FieldPath,
  rules: Pick<PodRules, 'allowToleratedComparisons'>,
): FieldError[] {
  return tolerations.flatMap((toleration, index) => {
    const at = path.index(index);
    const { key, operator = '', effect, tolerationSeconds } = toleration;
    const errors = key ? checkQualifiedName(key, at.child('key')) : [];
    if (!key && operator !== 'Exists') {
      const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(at.child('operator'), operator, text));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const text = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(at.child('effect'), effect ?? '', text));
    }
    errors.push(...validateOperator(toleration, at, rules));
    if (effect) errors.push(...checkSupported(effect, TAINT_EFFECTS, at.child('effect')));
    return errors;
  });
}

function validateOperator(
  { operator = '', value = '' }: { readonly operator?: string; readonly value?: string },
  path: FieldPath,
  rules: Pick<PodRules, 'allowToleratedComparisons'>,
): FieldError[] {
  const at = path.child('operator');
  switch (operator) {
    case '':
    case 'Equal': {
      const complaints = isLabelValue(value);
      return complaints.length > 0 ? [invalid(at, value, complaints.join(';'))] : [];
    }
    case 'Exists':
      return value ? [invalid(at, value, "value must be empty when `operator` is 'Exists'")] : [];
    case 'Lt':
    case 'Gt':
      if (!rules.allowToleratedComparisons) return [notSupported(at, operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
      return validateComparison(value, path.child('value'));
    default:
      return [notSupported(at, operator, ['Equal', 'Exists'])];
  }
}

function validateComparison(value: string, path: FieldPath): FieldError[] {
  const errors = invalidEach(path, value, isDecimalInteger(value));
  const quoted = JSON.stringify(value);
  if (!/^[+-]?\d+$/.test(value)) {
    return [...errors, invalid(path, value, `strconv.ParseInt: parsing ${quoted}: invalid syntax`)];
  }
  const number = BigInt(value.replace('+', ''));
  if (number <= INT64_MAX && number >= -INT64_MAX - 1n) return errors;
  return [...errors, invalid(path, value, `strconv.ParseInt: parsing ${quoted}: value out of range`)];
}

export function validateSpreadConstraints(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const policies = ['Honor', 'Ignore'];
  return constraints.flatMap((constraint, index) => {
    const at = path.index(index);
    const { topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint;
    const errors = checkPositive(constraint.maxSkew, at.child('maxSkew'));
    if (!topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'));
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    errors.push(...checkSupported(whenUnsatisfiable, actions, at.child('whenUnsatisfiable')));
    const repeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (repeated) {
      const pair = `{${topologyKey}, ${whenUnsatisfiable ?? ''}}`;
      errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), pair));
    }
    if (minDomains !== undefined) {
      errors.push(...checkPositive(minDomains, at.child('minDomains')));
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable ?? ''}`;
        errors.push(invalid(at.child('minDomains'), minDomains, text));
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy !== undefined) errors.push(...checkSupported(policy, policies, at.child(field)));
    }
    errors.push(...validateMatchLabelKeys(constraint.matchLabelKeys ?? [], [], labelSelector, at));
    if (!rules.allowInvalidSpreadSelector)
      errors.push(...validateLabelSelector(labelSelector, at.child('labelSelector')));
    return errors;
  });
}

export function validateSchedulingGates(gates: readonly PodSchedulingGate[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name = '' }] of gates.entries()) {
    errors.push(...checkQualifiedName(name, path.index(index)));
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
  }
  return errors;
}

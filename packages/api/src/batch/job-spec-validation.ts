/**
 * The specification of a job, in a job or in the template of a cron job.
 *
 * Mirrors: validateJobSpec and its callees in pkg/apis/batch/validation/validation.go (v1.36)
 */
import {
  duplicate,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  type FieldError,
} from '@kts/apimachinery';
import type { PodRules } from '../core/pod-rules.ts';
import { validatePodTemplateSpec } from '../core/pod-spec-validation.ts';
import {
  asSent,
  byteLength,
  checkNonNegative,
  checkQualifiedName,
  checkSupported,
  invalidWithoutValue,
} from '../field-checks.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../gen/batch-v1.gen.ts';
import { validateDomainPath } from '../domain-path-validation.ts';
import { parseIndexes } from './completion-indexes.ts';
import { internalForm } from '../internal-form.ts';

const INDEXED_PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
/** Above this many completions the limits of a job with a backoff limit per index are lower. */
const COMPLETIONS_SOFT_MAX = 100_000;
const HIGH_COMPLETIONS_PARALLELISM_MAX = 10_000;
const HIGH_COMPLETIONS_FAILED_INDEXES_MAX = 10_000;
const MANAGED_BY_LENGTH_MAX = 63;
const RULES_MAX = 20;
const PATTERNS_MAX = 20;
const EXIT_CODES_MAX = 255;
const SUCCEEDED_INDEXES_LENGTH_MAX = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

export function validateJobSpec(spec: JobSpec, path: FieldPath, rules: PodRules): FieldError[] {
  const { backoffLimitPerIndex, maxFailedIndexes, managedBy, completionMode, successPolicy } = spec;
  const errors = NUMBERS.flatMap((field) => checkNonNegative(spec[field], path.child(field)));
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (managedBy !== undefined) errors.push(...validateManagedBy(managedBy, path.child('managedBy')));
  if (completionMode !== undefined) {
    errors.push(...checkSupported(completionMode, ['NonIndexed', 'Indexed'], path.child('completionMode')));
  }
  if (completionMode === 'Indexed') errors.push(...validateIndexed(spec, path));
  if (completionMode === undefined || completionMode === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[field] === undefined) continue;
      errors.push(invalid(path.child(field), spec[field], 'requires indexed completion mode'));
    }
  }
  errors.push(...validateFailurePolicy(spec, path.child('podFailurePolicy', 'rules')));
  if (successPolicy) errors.push(...validateSuccessPolicy(spec, path.child('successPolicy')));
  return [
    ...errors,
    ...validateReplacementPolicy(spec, path.child('podReplacementPolicy')),
    ...validatePodTemplateSpec(spec.template, path.child('template'), rules),
    ...validateRestartPolicy(spec, path.child('template', 'spec', 'restartPolicy')),
  ];
}

const NUMBERS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function validateManagedBy(text: string, path: FieldPath): FieldError[] {
  const errors = validateDomainPath(text, path);
  if (byteLength(text) > MANAGED_BY_LENGTH_MAX) errors.push(tooLong(path, MANAGED_BY_LENGTH_MAX));
  return errors;
}

function validateIndexed(spec: JobSpec, path: FieldPath): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const failed = path.child('maxFailedIndexes');
  if (completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if (parallelism > INDEXED_PARALLELISM_MAX) {
    const text = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`;
    errors.push(invalid(path.child('parallelism'), parallelism, text));
  }
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) {
    errors.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  if ((maxFailedIndexes ?? 0) > FAILED_INDEXES_MAX) {
    errors.push(invalid(failed, maxFailedIndexes, `must be less than or equal to ${FAILED_INDEXES_MAX}`));
  }
  if ((completions ?? 0) <= COMPLETIONS_SOFT_MAX || backoffLimitPerIndex === undefined) return errors;
  const when = `when completions are above ${COMPLETIONS_SOFT_MAX} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    errors.push(required(failed, `must be specified when completions is above ${COMPLETIONS_SOFT_MAX}`));
  }
  if (parallelism > HIGH_COMPLETIONS_PARALLELISM_MAX) {
    const text = `must be less than or equal to ${HIGH_COMPLETIONS_PARALLELISM_MAX} ${when}`;
    errors.push(invalid(path.child('parallelism'), parallelism, text));
  }
  if ((maxFailedIndexes ?? 0) > HIGH_COMPLETIONS_FAILED_INDEXES_MAX) {
    const text = `must be less than or equal to ${HIGH_COMPLETIONS_FAILED_INDEXES_MAX} ${when}`;
    errors.push(invalid(failed, maxFailedIndexes, text));
  }
  return errors;
}

function validateFailurePolicy(spec: JobSpec, path: FieldPath): FieldError[] {
  if (!spec.podFailurePolicy) return [];
  const rules = spec.podFailurePolicy.rules ?? [];
  const { containers, initContainers } = spec.template?.spec ?? {};
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name));
  return [
    ...(rules.length > RULES_MAX ? [tooMany(path, rules.length, RULES_MAX)] : []),
    ...rules.flatMap((rule, index) => validateFailureRule(spec, rule, path.index(index), names)),
  ];
}

function validateFailureRule(
  spec: JobSpec,
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  path: FieldPath,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!action) errors.push(required(path.child('action'), `valid values: ${goList(ACTIONS)}`));
  else if (action === 'FailIndex') {
    const text = 'requires the backoffLimitPerIndex to be set';
    if (spec.backoffLimitPerIndex === undefined) errors.push(invalid(path.child('action'), action, text));
  } else errors.push(...checkSupported(action, ACTIONS, path.child('action')));
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, path.child('onExitCodes'), names));
  if (onPodConditions.length > 0) errors.push(...validatePatterns(onPodConditions, path.child('onPodConditions')));
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  }
  if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

/** As Go prints a list of quoted strings. */
const goList = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

function validatePatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: FieldPath): FieldError[] {
  const statuses = ['False', 'True', 'Unknown'];
  return [
    ...(patterns.length > PATTERNS_MAX ? [tooMany(path, patterns.length, PATTERNS_MAX)] : []),
    ...patterns.flatMap(({ type, status }, index) => {
      const at = path.index(index).child('status');
      return [
        ...checkQualifiedName(type, path.index(index).child('type')),
        ...(status ? checkSupported(status, statuses, at) : [required(at, `valid values: ${goList(statuses)}`)]),
      ];
    }),
  ];
}

function validateExitCodes(
  requirement: PodFailurePolicyOnExitCodesRequirement,
  path: FieldPath,
  names: ReadonlySet<string>,
): FieldError[] {
  const { containerName, operator } = requirement;
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  const operators = ['In', 'NotIn'];
  if (!operator) errors.push(required(path.child('operator'), `valid values: ${goList(operators)}`));
  else errors.push(...checkSupported(operator, operators, path.child('operator')));
  if (containerName !== undefined && !names.has(containerName)) {
    const text = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(path.child('containerName'), containerName, text));
  }
  const at = path.child('values');
  if (values.length === 0)
    errors.push(invalid(at, asSent(requirement, 'values', []), 'at least one value is required'));
  else if (values.length > EXIT_CODES_MAX) errors.push(tooMany(at, values.length, EXIT_CODES_MAX));
  for (const [index, code] of values.entries()) {
    if (operator === 'In' && code === 0)
      errors.push(invalid(at.index(index), code, 'must not be 0 for the In operator'));
    if (values.indexOf(code) < index) errors.push(duplicate(at.index(index), code));
  }
  if (values.some((code, index) => index > 0 && values[index - 1]! > code)) {
    errors.push(invalid(at, values, 'must be ordered'));
  }
  return errors;
}

function validateSuccessPolicy(spec: JobSpec, path: FieldPath): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const at = path.child('rules');
  if (spec.completionMode !== 'Indexed') {
    const internal = internalForm('batch.v1.SuccessPolicy', spec.successPolicy);
    return [invalid(path, internal, 'requires indexed completion mode')];
  }
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > RULES_MAX) errors.push(tooMany(at, rules.length, RULES_MAX));
  const completions = spec.completions ?? 0;
  return [...errors, ...rules.flatMap((rule, index) => validateSuccessRule(rule, completions, at.index(index)))];
}

function validateSuccessRule(
  { succeededIndexes, succeededCount }: SuccessPolicyRule,
  completions: number,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (succeededIndexes !== undefined) {
    const at = path.child('succeededIndexes');
    const indexes = parseIndexes(succeededIndexes, completions);
    if (byteLength(succeededIndexes) > SUCCEEDED_INDEXES_LENGTH_MAX)
      errors.push(tooLong(at, SUCCEEDED_INDEXES_LENGTH_MAX));
    if (indexes.ok) total = indexes.total;
    else errors.push(invalid(at, succeededIndexes, `error parsing succeededIndexes: ${indexes.error}`));
  }
  if (succeededCount === undefined) return errors;
  const at = path.child('succeededCount');
  errors.push(...checkNonNegative(succeededCount, at));
  const limit = (count: number, what: string): void => {
    errors.push(invalid(at, succeededCount, `must be less than or equal to ${count} (${what})`));
  };
  if (succeededCount > completions) limit(completions, 'the number of specified completions');
  if (succeededIndexes !== undefined && succeededCount > total) {
    limit(total, 'the number of indexes in the specified succeededIndexes field');
  }
  return errors;
}

function validateReplacementPolicy(spec: JobSpec, path: FieldPath): FieldError[] {
  if (spec.podReplacementPolicy === undefined) return [];
  const policies = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return checkSupported(spec.podReplacementPolicy, policies, path);
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: FieldPath): FieldError[] {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/**
 * Numbers and percentages of rolling updates, and templates of pods that always restart.
 *
 * Mirrors: pkg/apis/apps/validation/validation.go (v1.36), the functions that several kinds share
 */
import {
  forbidden,
  invalid,
  isPercent,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
  type IntOrString,
  type LabelSelector,
  wasSentEmpty,
} from '@kts/apimachinery';
import { EMPTY_POD_SPEC, isEmptySelector, matcherOf } from '../core/pod-template.ts';
import type { PodRules } from '../core/pod-rules.ts';
import { validatePodTemplateSpec } from '../core/pod-spec-validation.ts';
import { checkNonNegative, invalidEach } from '../field-checks.ts';
import type { PodTemplateSpec } from '../gen/core-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';

export function validateIntOrPercent(value: IntOrString | undefined, path: FieldPath): FieldError[] {
  if (typeof value === 'string') return invalidEach(path, value, isPercent(value));
  return checkNonNegative(value, path);
}

/** The number of a number or percentage; 0 for what is neither. */
export function amountOf(value: IntOrString | undefined): number {
  if (typeof value === 'string') return isPercent(value).length > 0 ? 0 : Number.parseInt(value, 10);
  return value ?? 0;
}

export function validateAtMost100Percent(value: IntOrString | undefined, path: FieldPath): FieldError[] {
  if (typeof value !== 'string' || isPercent(value).length > 0 || Number.parseInt(value, 10) <= 100) return [];
  return [invalid(path, value, 'must not be greater than 100%')];
}

/** A selector that is there, is valid and selects something. `kind` is what the message calls it. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  kind: string,
): FieldError[] {
  if (!selector) return [required(path)];
  const errors = validateLabelSelector(selector, path);
  if (isEmptySelector(selector)) errors.push(invalid(path, selector, `empty selector is invalid for ${kind}`));
  return errors;
}

/** A template whose pods the selector finds, and that run until they are deleted. `path` is that of the whole spec. */
export function validateReplicaTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const matcher = matcherOf(selector);
  if (!matcher) return [invalid(path.child('selector'), selector, 'invalid label selector')];
  return [
    ...checkTemplateLabels(template, matcher, path.child('template')),
    ...validatePodTemplateSpec(template, path.child('template'), rules),
    ...validateLongRunning(template, path.child('template', 'spec'), 'ReplicaSet'),
  ];
}

export function checkTemplateLabels(
  template: PodTemplateSpec | undefined,
  matcher: { matches(labels: Readonly<Record<string, string>> | undefined): boolean },
  path: FieldPath,
): FieldError[] {
  const labels = template?.metadata?.labels;
  if (matcher.matches(labels)) return [];
  const sent = wasSentEmpty(template?.metadata, 'labels') || wasSentEmpty(template, 'metadata.labels');
  const shown = labels ?? (sent ? {} : null);
  return [invalid(path.child('metadata', 'labels'), shown, '`selector` does not match template `labels`')];
}

export function validateLongRunning(
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  kind: string,
): FieldError[] {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? EMPTY_POD_SPEC;
  const errors: FieldError[] = [];
  if (restartPolicy !== 'Always') errors.push(notSupported(path.child('restartPolicy'), restartPolicy, ['Always']));
  if (activeDeadlineSeconds === undefined) return errors;
  const text = `activeDeadlineSeconds in ${kind} is not Supported`;
  return [...errors, forbidden(path.child('activeDeadlineSeconds'), text)];
}

/** Counters of a status: not negative, and none above the ones they are part of. */
export function validateCounters<T extends object>(
  status: T,
  path: FieldPath,
  fields: readonly (keyof T & string)[],
  limits: readonly (readonly [field: keyof T & string, limit: keyof T & string, message: string])[],
): FieldError[] {
  const valueOf = (field: keyof T & string): number => (status[field] as number | undefined) ?? 0;
  return [
    ...fields.flatMap((field) => checkNonNegative(valueOf(field), path.child(field))),
    ...limits
      .filter(([field, limit]) => valueOf(field) > valueOf(limit))
      .map(([field, , message]) => invalid(path.child(field), valueOf(field), message)),
  ];
}

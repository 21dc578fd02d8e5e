/**
 * Labels, annotations and label selectors of any object.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isLabelValue,
  isQualifiedName,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
  type LabelSelector,
  type LabelSelectorRequirement,
} from '@kts/apimachinery';
import { byteLength, checkQualifiedName, invalidEach } from './field-checks.ts';

type StringMap = Readonly<Record<string, string>>;

/** Of all keys and values together. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

export function validateLabels(labels: StringMap | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    errors.push(...checkQualifiedName(key, path), ...invalidEach(path, labels[key]!, isLabelValue(labels[key]!)));
  }
  return errors;
}

/** Keys are checked without regard to case. */
export function validateAnnotations(annotations: StringMap | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in annotations) {
    errors.push(...invalidEach(path, key, isQualifiedName(key.toLowerCase())));
    bytes += byteLength(key) + byteLength(annotations[key]!);
  }
  if (bytes > ANNOTATIONS_BYTES_MAX) errors.push(tooLong(path, ANNOTATIONS_BYTES_MAX));
  return errors;
}

export interface LabelSelectorRules {
  /** Objects that were stored with invalid values may keep them. */
  readonly allowInvalidValues?: boolean;
  /** Access reviews take any operator. */
  readonly allowUnknownOperators?: boolean;
}

export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: FieldPath,
  rules: LabelSelectorRules = {},
): FieldError[] {
  return [
    ...validateLabels(selector?.matchLabels, path.child('matchLabels')),
    ...(selector?.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, path.child('matchExpressions').index(index), rules),
    ),
  ];
}

/** Whether a stored selector has values that would be refused now. */
export function hasInvalidLabelValue(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).some((requirement) =>
    requirement.values?.some((value) => isLabelValue(value).length > 0),
  );
}

function validateRequirement(
  requirement: LabelSelectorRequirement,
  path: FieldPath,
  rules: LabelSelectorRules,
): FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be specified when `operator` is 'In' or 'NotIn'";
    if (values.length === 0) errors.push(required(path.child('values'), text));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbidden(path.child('values'), text));
  } else if (!rules.allowUnknownOperators) {
    errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  errors.push(...checkQualifiedName(key, path.child('key')));
  if (rules.allowInvalidValues) return errors;
  return [
    ...errors,
    ...values.flatMap((value, index) => invalidEach(path.child('values').index(index), value, isLabelValue(value))),
  ];
}

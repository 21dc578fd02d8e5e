/**
 * How a device's capacity may be shared out.
 *
 * Mirrors: validateRequestPolicy in pkg/apis/resource/validation/validation.go (v1.36)
 */
import {
  canonicalQuantity,
  forbidden,
  formatQuantity,
  invalid,
  quantityAdd,
  quantityCompare,
  quantityScaled,
  required,
  type FieldError,
  type FieldPath,
  type Quantity,
} from '@kts/apimachinery';
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from '../gen/resource-v1.gen.ts';
import { validateBoundedSet } from './bounded-collections.ts';

const VALID_VALUES_MAX = 10;

export function validateCapacity(
  { value, requestPolicy }: DeviceCapacity,
  path: FieldPath,
  allowMultipleAllocations: boolean,
): FieldError[] {
  if (!requestPolicy) return [];
  const at = path.child('requestPolicy');
  if (!allowMultipleAllocations) return [forbidden(at, 'allowMultipleAllocations must be true')];
  return validatePolicy(value ?? '0', requestPolicy, at);
}

function validatePolicy(capacity: Quantity, policy: CapacityRequestPolicy, path: FieldPath): FieldError[] {
  const { default: standard, validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange) {
    const text = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(path, text)];
  }
  if (validValues.length > 0) {
    if (!standard) return [required(path.child('default'), 'required when validValues is defined')];
    return validateValues(standard, capacity, validValues, path.child('validValues'));
  }
  if (!validRange) return [];
  if (!standard) return [required(path.child('default'), 'required when validRange is defined')];
  return validateRange(standard, capacity, validRange, path.child('validRange'));
}

function validateValues(
  standard: Quantity,
  capacity: Quantity,
  values: readonly Quantity[],
  path: FieldPath,
): FieldError[] {
  const unsorted = values.flatMap((value, index) => {
    if (index === 0 || quantityCompare(values[index - 1]!, value) <= 0) return [];
    return [invalid(path.index(index), canonicalQuantity(value), 'values must be sorted in ascending order')];
  });
  const text = `option is larger than capacity value: ${canonicalQuantity(capacity)}`;
  const checked = validateBoundedSet(
    values,
    VALID_VALUES_MAX,
    (value, at) => (quantityCompare(value, capacity) > 0 ? [invalid(at, canonicalQuantity(value), text)] : []),
    (value) => String(wholeUnits(value)),
    path,
  );
  const known = values.length <= VALID_VALUES_MAX && values.some((value) => quantityCompare(value, standard) === 0);
  if (known) return [...unsorted, ...checked];
  const unknown = 'default value is not valid according to the requestPolicy';
  return [...unsorted, ...checked, invalid(path, canonicalQuantity(standard), unknown)];
}

function validateRange(
  standard: Quantity,
  capacity: Quantity,
  { min, max, step }: CapacityRequestPolicyRange,
  path: FieldPath,
): FieldError[] {
  if (!min) return [required(path.child('min'), 'required when validRange is defined')];
  const atMax = path.child('max');
  const errors = [
    ...ifGreater(min, capacity, path.child('min'), min, 'min is larger than capacity value'),
    ...ifGreater(min, standard, path.child('min'), standard, 'default is less than min', min),
  ];
  if (max !== undefined) {
    errors.push(
      ...ifGreater(min, max, atMax, min, 'min is larger than max'),
      ...ifGreater(max, capacity, atMax, max, 'max is larger than capacity value'),
      ...ifGreater(standard, max, atMax, standard, 'default is more than max'),
    );
  }
  if (step === undefined) return errors;
  const at = path.child('step');
  const added = formatQuantity(quantityAdd(min, step));
  return [
    ...errors,
    ...ifGreater(added, capacity, at, step, `one step ${added} is larger than capacity value`),
    ...validateStep(standard, min, step, at),
    ...(max === undefined ? [] : validateStep(max, min, step, at)),
  ];
}

/** `shown` is the value of the error; `limit` is what its message ends with. */
function ifGreater(
  value: Quantity,
  bound: Quantity,
  path: FieldPath,
  shown: Quantity,
  text: string,
  limit: Quantity = bound,
): FieldError[] {
  if (quantityCompare(value, bound) <= 0) return [];
  return [invalid(path, canonicalQuantity(shown), `${text}: ${canonicalQuantity(limit)}`)];
}

function validateStep(value: Quantity, min: Quantity, step: Quantity, path: FieldPath): FieldError[] {
  const size = wholeUnits(step);
  if (size === 0n || (wholeUnits(value) - wholeUnits(min)) % size === 0n) return [];
  const text = `value is not a multiple of a given step (${canonicalQuantity(step)}) from (${canonicalQuantity(min)})`;
  return [invalid(path, canonicalQuantity(value), text)];
}

/** The next whole number above. */
const wholeUnits = (value: Quantity): bigint => quantityScaled(value, 0);

/**
 * Taints of devices, and what tolerates them.
 *
 * Mirrors: validateDeviceTaint, validateDeviceToleration in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { invalid, isLabelValue, notSupported, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import { checkChoice, checkQualifiedName, invalidEach } from '../field-checks.ts';
import type { DeviceTaint, DeviceToleration } from '../gen/resource-v1.gen.ts';

const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];

export function validateDeviceTaint({ key, value, effect }: DeviceTaint, path: FieldPath): FieldError[] {
  return [
    ...checkQualifiedName(key ?? '', path.child('key')),
    ...(value ? invalidEach(path.child('value'), value, isLabelValue(value)) : []),
    ...checkChoice(effect, EFFECTS, path.child('effect')),
  ];
}

export function validateDeviceToleration(toleration: DeviceToleration, path: FieldPath): FieldError[] {
  const { key, operator, value = '', effect } = toleration;
  return [
    ...(key ? checkQualifiedName(key, path.child('key')) : []),
    ...validateOperator(operator, value, path),
    ...(effect && !EFFECTS.includes(effect) ? [notSupported(path.child('effect'), effect, EFFECTS)] : []),
  ];
}

function validateOperator(operator: string | undefined, value: string, path: FieldPath): FieldError[] {
  switch (operator ?? '') {
    case 'Exists':
      return value ? [invalid(path.child('value'), value, 'must be empty for operator `Exists`')] : [];
    case 'Equal':
      return invalidEach(path.child('value'), value, isLabelValue(value));
    case '':
      return [required(path.child('operator'))];
    default:
      return [notSupported(path.child('operator'), operator, ['Equal', 'Exists'])];
  }
}

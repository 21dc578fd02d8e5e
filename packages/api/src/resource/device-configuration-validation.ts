/**
 * Parameters of devices that only a driver understands.
 *
 * Mirrors: validateDeviceConfiguration in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { invalid, required, tooLong, type FieldError, type FieldPath, type JsonValue } from '@kts/apimachinery';
import { byteLength } from '../field-checks.ts';
import type { DeviceConfiguration } from '../gen/resource-v1.gen.ts';
import { validateDriverName } from './device-names.ts';

const PARAMETERS_BYTES_MAX = 10 * 1024;

/** `stored`: parameters that were accepted once may be as long as they are. */
export function validateDeviceConfiguration(
  { opaque }: DeviceConfiguration,
  path: FieldPath,
  stored = false,
): FieldError[] {
  const at = path.child('opaque');
  if (!opaque) return [required(at)];
  return [
    ...validateDriverName(opaque.driver, at.child('driver')),
    ...validateRawObject(opaque.parameters, at.child('parameters'), PARAMETERS_BYTES_MAX, stored),
  ];
}

export function validateRawObject(
  value: JsonValue | undefined,
  path: FieldPath,
  bytesMax: number,
  stored = false,
): FieldError[] {
  if (value === undefined || value === null) return [required(path)];
  if (!stored && byteLength(JSON.stringify(value)) > bytesMax) return [tooLong(path, bytesMax)];
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return isObject ? [] : [invalid(path, '<value omitted>', 'must be a valid JSON object')];
}

/**
 * What storage classes and volume attributes classes tell their drivers.
 *
 * Mirrors: validateProvisioner and validateParameters in pkg/apis/storage/validation/validation.go (v1.36)
 */
import { invalid, required, tooLong, type FieldError, type FieldPath } from '@kts/apimachinery';
import { byteLength, checkQualifiedName } from '../field-checks.ts';

const PARAMETERS_MAX = 512;
const PARAMETER_BYTES_MAX = 256 * 1024;

export function validateProvisioner(name: string, path: FieldPath): FieldError[] {
  return name ? checkQualifiedName(name.toLowerCase(), path) : [required(path)];
}

export function validateParameters(
  parameters: Readonly<Record<string, string>> = {},
  path: FieldPath,
  { mayBeEmpty = true } = {},
): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) return [tooLong(path, PARAMETERS_MAX)];
  const errors = entries.filter(([key]) => key === '').map(([key]) => invalid(path, key, 'field can not be empty.'));
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > PARAMETER_BYTES_MAX) errors.push(tooLong(path, PARAMETER_BYTES_MAX));
  if (!mayBeEmpty && entries.length === 0) errors.push(required(path, 'must contain at least one key/value pair'));
  return errors;
}

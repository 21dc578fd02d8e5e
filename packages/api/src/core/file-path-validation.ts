/**
 * Paths inside volumes.
 *
 * Mirrors: validateLocalDescendingPath and its neighbours in pkg/apis/core/validation/validation.go (v1.36)
 */
import { invalid, type FieldError, type FieldPath } from '@kts/apimachinery';

/** No `..` between slashes. */
export function validateNoBacksteps(target: string, path: FieldPath): FieldError[] {
  return target.split('/').includes('..') ? [invalid(path, target, "must not contain '..'")] : [];
}

/** Relative, and never up. */
export function validateDescendingPath(target: string, path: FieldPath): FieldError[] {
  const absolute = target.startsWith('/') ? [invalid(path, target, 'must be a relative path')] : [];
  return [...absolute, ...validateNoBacksteps(target, path)];
}

/** The same, and not a name that the kubelet's atomic writer uses. */
export function validateNonReservedPath(target: string, path: FieldPath): FieldError[] {
  const errors = validateDescendingPath(target, path);
  if (target.startsWith('..') && !target.startsWith('../')) {
    errors.push(invalid(path, target, "must not start with '..'"));
  }
  return errors;
}

/** Permission bits; `mode` may be missing. */
export function validateFileMode(mode: number | undefined, path: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

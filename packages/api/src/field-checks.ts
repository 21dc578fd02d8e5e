/**
 * Checks of single values that the validation of many kinds shares. Each returns what is wrong, or nothing.
 *
 * Mirrors: pkg/apis/core/validation/validation.go (v1.36), the small functions at its beginning
 */
import {
  deepEqual,
  invalid,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  notSupported,
  quantityCompare,
  required,
  wasSentEmpty,
  type FieldError,
  type FieldPath,
  type Quantity,
} from '@kts/apimachinery';
import { internalForm } from './internal-form.ts';

export const NEGATIVE = 'must be greater than or equal to 0';
export const NOT_POSITIVE = 'must be greater than zero';
export const IMMUTABLE = 'field is immutable';

/** One `invalid` for each complaint about the value. */
export function invalidEach(path: FieldPath, value: unknown, complaints: readonly string[]): FieldError[] {
  return complaints.map((complaint) => invalid(path, value, complaint));
}

/** `invalid` for values that say nothing, or too much. */
export const invalidWithoutValue = (path: FieldPath, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: path.toString(),
  message: `Invalid value: ${detail}`,
});

export const checkDnsLabel = (value: string, path: FieldPath): FieldError[] =>
  invalidEach(path, value, isDNS1123Label(value));

export const checkDnsSubdomain = (value: string, path: FieldPath): FieldError[] =>
  invalidEach(path, value, isDNS1123Subdomain(value));

export const checkQualifiedName = (value: string, path: FieldPath): FieldError[] =>
  invalidEach(path, value, isQualifiedName(value));

export function checkNonNegative(value: number | undefined, path: FieldPath): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(path, value, NEGATIVE)] : [];
}

export function checkPositive(value: number | undefined, path: FieldPath): FieldError[] {
  return (value ?? 0) <= 0 ? [invalid(path, value ?? 0, NOT_POSITIVE)] : [];
}

export function checkNonNegativeQuantity(value: Quantity, path: FieldPath): FieldError[] {
  return quantityCompare(value, '0') < 0 ? [invalid(path, value, NEGATIVE)] : [];
}

export function checkPositiveQuantity(value: Quantity, path: FieldPath): FieldError[] {
  return quantityCompare(value, '0') <= 0 ? [invalid(path, value, NOT_POSITIVE)] : [];
}

/** Structs are shown as upstream's internal type has them; `type` is the name that `internalForm` takes. */
export function checkImmutable(value: unknown, old: unknown, path: FieldPath, type?: string): FieldError[] {
  if (sameValue(value, old)) return [];
  return [invalid(path, type && value !== undefined ? internalForm(type, value) : value, IMMUTABLE)];
}

/** Equal, where nothing, an empty list and an empty map are the same: what Go calls semantic equality. */
export function sameValue(a: unknown, b: unknown): boolean {
  return (isNothing(a) && isNothing(b)) || deepEqual(a, b);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** A list or map for messages: as it is, empty if it was sent so, or nothing. */
export function asSent<T extends object, K extends keyof T & string>(parent: T, field: K, empty: [] | object): unknown {
  return parent[field] ?? (wasSentEmpty(parent, field) ? empty : null);
}

/** A value from a closed set. `supported` is listed in the given order. */
export function checkSupported(value: string | undefined, supported: readonly string[], path: FieldPath): FieldError[] {
  return supported.includes(value ?? '') ? [] : [notSupported(path, value ?? '', supported)];
}

/** The same for a value that must be there. */
export function checkChoice(value: string | undefined, supported: readonly string[], path: FieldPath): FieldError[] {
  return value ? checkSupported(value, supported, path) : [required(path)];
}

/** Length in bytes, which is what limits count. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** Length of what base64 text stands for. */
export function base64Length(text: string): number {
  return Buffer.byteLength(text, 'base64');
}

/** Statuses only count up. */
export function checkNotDecremented(value: number | undefined, old: number | undefined, path: FieldPath): FieldError[] {
  return old !== undefined && (value ?? -1) < old ? [invalid(path, value ?? 0, 'cannot be decremented')] : [];
}

/**
 * Lists, sets and maps with a largest size. One that is too large is not looked into.
 *
 * Mirrors: validateSlice, validateSet, validateMap in pkg/apis/resource/validation/validation.go (v1.36)
 */
import { duplicate, tooMany, type FieldError, type FieldPath } from '@kts/apimachinery';
import { byteLength } from '../field-checks.ts';

const TRUNCATED_LENGTH_MIN = 16;
const ELLIPSIS = '...';

type ValidateItem<T> = (item: T, path: FieldPath) => readonly FieldError[];

export function validateBoundedList<T>(
  items: readonly T[] | undefined,
  max: number,
  validateItem: ValidateItem<T>,
  path: FieldPath,
): FieldError[] {
  if (!items) return [];
  if (items.length > max) return [tooMany(path, items.length, max)];
  return items.flatMap((item, index) => validateItem(item, path.index(index)));
}

/** Each key may occur once; a key that is an object is compared and shown as JSON. */
export function validateBoundedSet<T>(
  items: readonly T[] | undefined,
  max: number,
  validateItem: ValidateItem<T>,
  keyOf: (item: T) => unknown,
  path: FieldPath,
): FieldError[] {
  if (!items) return [];
  if (items.length > max) return [tooMany(path, items.length, max)];
  const errors = items.flatMap((item, index) => validateItem(item, path.index(index)));
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    const text = JSON.stringify(key);
    if (seen.has(text)) errors.push(duplicate(path.index(index), key));
    seen.add(text);
  }
  return errors;
}

/** Errors of keys are those of the map, errors of values have the key in their path. */
export function validateBoundedMap<T>(
  map: Readonly<Record<string, T>> | undefined,
  limits: { readonly max?: number; readonly keyLengthMax: number },
  validateKey: (key: string, path: FieldPath) => readonly FieldError[],
  validateItem: ValidateItem<T>,
  path: FieldPath,
): FieldError[] {
  const entries = Object.entries(map ?? {});
  if (limits.max !== undefined && entries.length > limits.max) return [tooMany(path, entries.length, limits.max)];
  return entries.flatMap(([key, item]) => [
    ...validateKey(key, path),
    ...validateItem(item, path.key(truncateMiddle(key, limits.keyLengthMax))),
  ]);
}

function truncateMiddle(text: string, lengthMax: number): string {
  const max = Math.max(lengthMax, TRUNCATED_LENGTH_MIN);
  if (byteLength(text) <= max) return text;
  const remaining = max - ELLIPSIS.length;
  const bytes = Buffer.from(text);
  const start = bytes.subarray(0, Math.floor((remaining + 1) / 2));
  const end = bytes.subarray(bytes.length - Math.floor(remaining / 2));
  return `${start.toString()}${ELLIPSIS}${end.toString()}`;
}

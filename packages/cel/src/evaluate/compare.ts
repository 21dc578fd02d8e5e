import { CelDuration, CelError, CelTimestamp, CelUint, NO_SUCH_OVERLOAD, type CelValue } from './value.ts';

const UNORDERED = new CelError('NaN values cannot be ordered');

/**
 * Negative, zero or positive; an error where the types have no common order.
 *
 * Mirrors: github.com/google/cel-go/common/types: Compare of each type, compare.go
 */
export function compareValues(a: CelValue, b: CelValue): number | CelError {
  if (typeof a === 'bigint') return compareInteger(a, b);
  if (typeof a === 'number') return compareDouble(a, b);
  if (typeof a === 'string') return typeof b === 'string' ? compareStrings(a, b) : NO_SUCH_OVERLOAD;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : NO_SUCH_OVERLOAD;
  if (a instanceof CelUint) return compareInteger(a.value, b);
  if (a instanceof CelTimestamp)
    return b instanceof CelTimestamp ? order(a.nanoseconds, b.nanoseconds) : NO_SUCH_OVERLOAD;
  if (a instanceof CelDuration)
    return b instanceof CelDuration ? order(a.nanoseconds, b.nanoseconds) : NO_SUCH_OVERLOAD;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? compareBytes(a, b) : NO_SUCH_OVERLOAD;
  return NO_SUCH_OVERLOAD;
}

export function isComparable(value: CelValue): boolean {
  if (typeof value !== 'object') return true;
  return (
    value instanceof CelUint ||
    value instanceof CelTimestamp ||
    value instanceof CelDuration ||
    value instanceof Uint8Array
  );
}

function compareInteger(a: bigint, b: CelValue): number | CelError {
  if (typeof b === 'bigint') return order(a, b);
  if (b instanceof CelUint) return order(a, b.value);
  if (typeof b !== 'number') return NO_SUCH_OVERLOAD;
  return Number.isNaN(b) ? UNORDERED : order(Number(a), b);
}

function compareDouble(a: number, b: CelValue): number | CelError {
  if (Number.isNaN(a)) return UNORDERED;
  if (typeof b === 'number') return Number.isNaN(b) ? UNORDERED : order(a, b);
  if (typeof b === 'bigint') return order(a, Number(b));
  return b instanceof CelUint ? order(a, Number(b.value)) : NO_SUCH_OVERLOAD;
}

function order<T extends bigint | number | string>(a: T, b: T): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** By UTF-8 bytes, which is the order of code points. */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return isSurrogate(left) === isSurrogate(right) ? left - right : isSurrogate(left) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

import type { Library } from '../check/function-declaration.ts';
import { ConcatenatedList, GrowingList } from '../evaluate/collections.ts';
import { compareValues, isComparable } from '../evaluate/compare.ts';
import { equalValues } from '../evaluate/equality.ts';
import { isTimestampInRange } from '../evaluate/time-text.ts';
import {
  CelDuration,
  CelError,
  CelTimestamp,
  CelUint,
  NO_SUCH_OVERLOAD,
  isKind,
  isList,
  isMap,
  type CelValue,
} from '../evaluate/value.ts';

/**
 * Operators.
 *
 * Mirrors: github.com/google/cel-go/common/stdlib/standard.go, common/types: overflow.go and the traits of each type
 */
const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

const DIVISION_BY_ZERO = new CelError('division by zero');
const MODULUS_BY_ZERO = new CelError('modulus by zero');
const INT_OVERFLOW = new CelError('integer overflow');
const UINT_OVERFLOW = new CelError('unsigned integer overflow');
const TIMESTAMP_OVERFLOW = new CelError('timestamp overflow');

const COMPARED = [
  'bool',
  'int64',
  'int64_double',
  'int64_uint64',
  'uint64',
  'uint64_double',
  'uint64_int64',
  'double',
  'double_int64',
  'double_uint64',
  'string',
  'bytes',
  'timestamp',
  'duration',
];

export const arithmeticLibrary: Library = {
  '_?_:_': { overloads: { conditional: ['(bool, A, A) A'] }, nonStrict: true },
  '_&&_': { overloads: { logical_and: ['(bool, bool) bool'] }, nonStrict: true },
  '_||_': { overloads: { logical_or: ['(bool, bool) bool'] }, nonStrict: true },
  '!_': { overloads: { logical_not: ['(bool) bool'] }, call: not },
  '@not_strictly_false': {
    overloads: {
      not_strictly_false: ['(bool) bool', (value: CelValue) => (typeof value === 'boolean' ? value : true)],
    },
    nonStrict: true,
    unguarded: true,
  },
  '_==_': { overloads: { equals: ['(A, A) bool'] } },
  '_!=_': { overloads: { not_equals: ['(A, A) bool'] } },
  '_+_': {
    overloads: {
      add_bytes: ['(bytes, bytes) bytes'],
      add_double: ['(double, double) double'],
      add_duration_duration: ['(duration, duration) duration'],
      add_duration_timestamp: ['(duration, timestamp) timestamp'],
      add_timestamp_duration: ['(timestamp, duration) timestamp'],
      add_int64: ['(int, int) int'],
      add_list: ['(list(A), list(A)) list(A)'],
      add_string: ['(string, string) string'],
      add_uint64: ['(uint, uint) uint'],
    },
    call: add,
    accepts: (value) => (isComparable(value) ? typeof value !== 'boolean' : isList(value)),
  },
  '_-_': {
    overloads: {
      subtract_double: ['(double, double) double'],
      subtract_duration_duration: ['(duration, duration) duration'],
      subtract_int64: ['(int, int) int'],
      subtract_timestamp_duration: ['(timestamp, duration) timestamp'],
      subtract_timestamp_timestamp: ['(timestamp, timestamp) duration'],
      subtract_uint64: ['(uint, uint) uint'],
    },
    call: subtract,
    accepts: (value) => isNumber(value) || isKind(value, 'duration') || isKind(value, 'timestamp'),
  },
  '_*_': {
    overloads: {
      multiply_double: ['(double, double) double'],
      multiply_int64: ['(int, int) int'],
      multiply_uint64: ['(uint, uint) uint'],
    },
    call: multiply,
    accepts: isNumber,
  },
  '_/_': {
    overloads: {
      divide_double: ['(double, double) double'],
      divide_int64: ['(int, int) int'],
      divide_uint64: ['(uint, uint) uint'],
    },
    call: divide,
    accepts: isNumber,
  },
  '_%_': {
    overloads: { modulo_int64: ['(int, int) int'], modulo_uint64: ['(uint, uint) uint'] },
    call: modulo,
    accepts: (value) => typeof value === 'bigint' || isKind(value, 'uint'),
  },
  '-_': {
    overloads: { negate_double: ['(double) double'], negate_int64: ['(int) int'] },
    call: negate,
    accepts: (value) =>
      typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean' || isKind(value, 'duration'),
  },
  '_<_': comparison('less', (order) => order < 0),
  '_<=_': comparison('less_equals', (order) => order <= 0),
  '_>_': comparison('greater', (order) => order > 0),
  '_>=_': comparison('greater_equals', (order) => order >= 0),
  '_[_]': { overloads: { index_list: ['(list(A), int) A'], index_map: ['(map(A, B), A) B'] } },
  '@in': {
    overloads: { in_list: ['(A, list(A)) bool'], in_map: ['(A, map(A, B)) bool'] },
    call: contains,
  },
};

function comparison(name: string, holds: (order: number) => boolean): Library[string] {
  const overloads = COMPARED.map((types) => {
    const [left = '', right = left] = types.replaceAll('64', '').split('_');
    return [`${name}_${types}`, [`(${left}, ${right}) bool`]] as const;
  });
  return {
    overloads: Object.fromEntries(overloads),
    call(a: CelValue, b: CelValue) {
      const order = compareValues(a, b);
      return order instanceof CelError ? order : holds(order);
    },
    accepts: isComparable,
  };
}

function not(value: CelValue): CelValue {
  return typeof value === 'boolean' ? !value : NO_SUCH_OVERLOAD;
}

function add(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'string') return typeof b === 'string' ? a + b : NO_SUCH_OVERLOAD;
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a + b) : NO_SUCH_OVERLOAD;
  if (typeof a === 'number') return typeof b === 'number' ? a + b : NO_SUCH_OVERLOAD;
  if (a instanceof GrowingList) return isList(b) ? a.append(b) : NO_SUCH_OVERLOAD;
  if (isList(a)) return isList(b) ? concatenate(a, b) : NO_SUCH_OVERLOAD;
  if (a instanceof CelUint) return b instanceof CelUint ? uint(a.value + b.value) : NO_SUCH_OVERLOAD;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.concat([a, b]) : NO_SUCH_OVERLOAD;
  if (a instanceof CelDuration) {
    if (b instanceof CelDuration) return duration(a.nanoseconds + b.nanoseconds);
    return b instanceof CelTimestamp ? timestamp(a.nanoseconds + b.nanoseconds, b.offset) : NO_SUCH_OVERLOAD;
  }
  if (!(a instanceof CelTimestamp)) return NO_SUCH_OVERLOAD;
  return b instanceof CelDuration ? timestamp(a.nanoseconds + b.nanoseconds, a.offset) : NO_SUCH_OVERLOAD;
}

function concatenate(a: Extract<CelValue, { kind: 'list' }>, b: Extract<CelValue, { kind: 'list' }>): CelValue {
  if (a.concat) return a.concat(b);
  if (a.size === 0) return b;
  return b.size === 0 ? a : new ConcatenatedList(a, b);
}

function subtract(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a - b) : NO_SUCH_OVERLOAD;
  if (typeof a === 'number') return typeof b === 'number' ? a - b : NO_SUCH_OVERLOAD;
  if (a instanceof CelUint) return b instanceof CelUint ? uint(a.value - b.value) : NO_SUCH_OVERLOAD;
  if (a instanceof CelDuration) {
    return b instanceof CelDuration ? duration(a.nanoseconds - b.nanoseconds) : NO_SUCH_OVERLOAD;
  }
  if (!(a instanceof CelTimestamp)) return NO_SUCH_OVERLOAD;
  if (b instanceof CelDuration) return timestamp(a.nanoseconds - b.nanoseconds, a.offset);
  return b instanceof CelTimestamp ? duration(a.nanoseconds - b.nanoseconds) : NO_SUCH_OVERLOAD;
}

function multiply(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? int(a * b) : NO_SUCH_OVERLOAD;
  if (typeof a === 'number') return typeof b === 'number' ? a * b : NO_SUCH_OVERLOAD;
  return a instanceof CelUint && b instanceof CelUint ? uint(a.value * b.value) : NO_SUCH_OVERLOAD;
}

function divide(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'number') return typeof b === 'number' ? a / b : NO_SUCH_OVERLOAD;
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return NO_SUCH_OVERLOAD;
    return b === 0n ? DIVISION_BY_ZERO : int(a / b);
  }
  if (!(a instanceof CelUint && b instanceof CelUint)) return NO_SUCH_OVERLOAD;
  return b.value === 0n ? DIVISION_BY_ZERO : uint(a.value / b.value);
}

function modulo(a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return NO_SUCH_OVERLOAD;
    if (b === 0n) return MODULUS_BY_ZERO;
    return a === INT_MIN && b === -1n ? INT_OVERFLOW : a % b;
  }
  if (!(a instanceof CelUint && b instanceof CelUint)) return NO_SUCH_OVERLOAD;
  return b.value === 0n ? MODULUS_BY_ZERO : uint(a.value % b.value);
}

function negate(value: CelValue): CelValue {
  if (typeof value === 'bigint') return int(-value);
  if (typeof value === 'number') return -value;
  return value instanceof CelDuration ? duration(-value.nanoseconds) : NO_SUCH_OVERLOAD;
}

function contains(item: CelValue, container: CelValue): CelValue {
  if (isList(container)) {
    let failed: CelError | undefined;
    for (let index = 0; index < container.size; index++) {
      const equal = equalValues(container.at(index)!, item);
      if (equal === true) return true;
      if (equal instanceof CelError) failed ??= equal;
    }
    return failed ?? false;
  }
  if (!isMap(container)) return NO_SUCH_OVERLOAD;
  const value = container.get(item);
  return value instanceof CelError ? value : value !== undefined;
}

function isNumber(value: CelValue): boolean {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

export function int(value: bigint): bigint | CelError {
  return value < INT_MIN || value > INT_MAX ? INT_OVERFLOW : value;
}

export function uint(value: bigint): CelUint | CelError {
  return value < 0n || value > UINT_MAX ? UINT_OVERFLOW : new CelUint(value);
}

export function duration(nanoseconds: bigint): CelDuration | CelError {
  return nanoseconds < INT_MIN || nanoseconds > INT_MAX ? INT_OVERFLOW : new CelDuration(nanoseconds);
}

export function timestamp(nanoseconds: bigint, offset = 0): CelTimestamp | CelError {
  return isTimestampInRange(nanoseconds) ? new CelTimestamp(nanoseconds, offset) : TIMESTAMP_OVERFLOW;
}

import type { Library } from '../check/function-declaration.ts';
import { formatDouble } from '../evaluate/format-double.ts';
import {
  floorDivide,
  formatSeconds,
  formatTimestamp,
  NANOSECONDS,
  parseDuration,
  parseTimestamp,
} from '../evaluate/time-text.ts';
import { typeOfValue } from '../evaluate/type-of-value.ts';
import {
  CelDuration,
  CelError,
  type CelTimestamp,
  CelTypeValue,
  CelUint,
  isList,
  isMap,
  type CelValue,
} from '../evaluate/value.ts';
import { codePoints } from '../syntax/source.ts';
import { int, timestamp, uint } from './arithmetic.ts';

/**
 * `size` and the conversions between types.
 *
 * Mirrors: github.com/google/cel-go/common/stdlib/standard.go, common/types: ConvertToType of each type
 * Differs: hexadecimal floating point numbers in strings are not read, because only Go's parser happens to know them.
 */
const INT_OVERFLOW = new CelError('integer overflow');
const UINT_OVERFLOW = new CelError('unsigned integer overflow');

export const conversionLibrary: Library = {
  size: {
    overloads: {
      size_bytes: ['(bytes) int'],
      bytes_size: ['bytes.() int'],
      size_list: ['(list(A)) int'],
      list_size: ['list(A).() int'],
      size_map: ['(map(A, B)) int'],
      map_size: ['map(A, B).() int'],
      size_string: ['(string) int'],
      string_size: ['string.() int'],
    },
    call: sizeOf,
    accepts: (value) => typeof value === 'string' || value instanceof Uint8Array || isList(value) || isMap(value),
  },
  type: { overloads: { type: ['(A) type(A)'] }, call: (value: CelValue) => new CelTypeValue(typeOfValue(value)) },
  dyn: { overloads: { to_dyn: ['(A) dyn'] }, call: identity },
  bool: {
    overloads: { bool_to_bool: ['(bool) bool', identity], string_to_bool: ['(string) bool', parseBool] },
  },
  bytes: {
    overloads: {
      bytes_to_bytes: ['(bytes) bytes', identity],
      string_to_bytes: ['(string) bytes', (text: string) => new TextEncoder().encode(text)],
    },
  },
  double: {
    overloads: {
      double_to_double: ['(double) double', identity],
      int64_to_double: ['(int) double', Number],
      string_to_double: ['(string) double', parseDouble],
      uint64_to_double: ['(uint) double', (value: CelUint) => Number(value.value)],
    },
  },
  duration: {
    overloads: {
      duration_to_duration: ['(duration) duration', identity],
      int64_to_duration: ['(int) duration', () => conversionError('int', 'google.protobuf.Duration')],
      string_to_duration: ['(string) duration', parseDurationText],
    },
  },
  int: {
    overloads: {
      int64_to_int64: ['(int) int', identity],
      double_to_int64: ['(double) int', doubleToInt],
      duration_to_int64: ['(duration) int', (value: CelDuration) => value.nanoseconds],
      string_to_int64: ['(string) int', parseInt64],
      timestamp_to_int64: ['(timestamp) int', (value: CelTimestamp) => floorDivide(value.nanoseconds, NANOSECONDS)],
      uint64_to_int64: ['(uint) int', (value: CelUint) => int(value.value)],
    },
  },
  string: {
    overloads: {
      string_to_string: ['(string) string', identity],
      bool_to_string: ['(bool) string', String],
      bytes_to_string: ['(bytes) string', bytesToString],
      double_to_string: ['(double) string', formatDouble],
      duration_to_string: ['(duration) string', (value: CelDuration) => formatSeconds(value.nanoseconds)],
      int64_to_string: ['(int) string', String],
      timestamp_to_string: ['(timestamp) string', formatTimestamp],
      uint64_to_string: ['(uint) string', (value: CelUint) => String(value.value)],
    },
  },
  timestamp: {
    overloads: {
      timestamp_to_timestamp: ['(timestamp) timestamp', identity],
      int64_to_timestamp: ['(int) timestamp', (seconds: bigint) => timestamp(seconds * NANOSECONDS)],
      string_to_timestamp: ['(string) timestamp', parseTimestampText],
    },
  },
  uint: {
    overloads: {
      uint64_to_uint64: ['(uint) uint', identity],
      double_to_uint64: ['(double) uint', doubleToUint],
      int64_to_uint64: ['(int) uint', uint],
      string_to_uint64: ['(string) uint', parseUint],
    },
  },
};

function identity(value: CelValue): CelValue {
  return value;
}

function sizeOf(value: CelValue): CelValue {
  if (typeof value === 'string') return BigInt(codePoints(value));
  return BigInt(value instanceof Uint8Array ? value.length : (value as { readonly size: number }).size);
}

function conversionError(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`);
}

function parseBool(text: string): CelValue {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : conversionError('string', 'bool');
}

const DOUBLE = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)$/;

function parseDouble(text: string): CelValue {
  const special = /^([+-]?)(?:inf(?:inity)?|(nan))$/i.exec(text);
  if (special) {
    if (special[2]) return special[1] ? conversionError('string', 'double') : Number.NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const digits = text.replace(/(?<=\d)_(?=\d)/g, '');
  const value = DOUBLE.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : conversionError('string', 'double');
}

function parseInt64(text: string): CelValue {
  const value = /^[+-]?\d+$/.test(text) ? int(BigInt(text.replace(/^\+/, ''))) : undefined;
  return typeof value === 'bigint' ? value : conversionError('string', 'int');
}

function parseUint(text: string): CelValue {
  const value = /^\d+$/.test(text) ? uint(BigInt(text)) : undefined;
  return value instanceof CelUint ? value : conversionError('string', 'uint');
}

function doubleToInt(value: number): CelValue {
  return Number.isNaN(value) || value <= -(2 ** 63) || value >= 2 ** 63 ? INT_OVERFLOW : BigInt(Math.trunc(value));
}

function doubleToUint(value: number): CelValue {
  return Number.isNaN(value) || value < 0 || value >= 2 ** 64 ? UINT_OVERFLOW : new CelUint(BigInt(Math.trunc(value)));
}

function bytesToString(bytes: Uint8Array): CelValue {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

function parseDurationText(text: string): CelValue {
  const nanoseconds = parseDuration(text);
  return nanoseconds === undefined
    ? conversionError('string', 'google.protobuf.Duration')
    : new CelDuration(nanoseconds);
}

function parseTimestampText(text: string): CelValue {
  const parsed = parseTimestamp(text);
  if (!parsed) return conversionError('string', 'google.protobuf.Timestamp');
  return timestamp(parsed.nanoseconds, parsed.offset);
}

import { canonicalDuration } from './duration.ts';
import { goTypeName } from './json-patch.ts';
import { canonicalQuantity, QUANTITY_FORMAT_MESSAGE } from './quantity.ts';
import type { ScalarFormat } from './schema.ts';
import { canonicalMicroTime, canonicalTime, ZERO_TIME } from './time.ts';

/**
 * Scalars of the API: checking what JSON has for them, and their canonical form.
 *
 * Mirrors: the UnmarshalJSON methods of apimachinery's types and Go's encoding/json (v1.36)
 */

/** JSON has a value of another type. */
export class TypeMismatchError extends Error {
  override readonly name = 'TypeMismatchError';
  /** What was found, as Go names it: `string`, `number 1.5`, `object`. */
  readonly found: string;
  /** Go's type, such as `int32`. */
  readonly goType: string;

  constructor(found: string, goType: string) {
    super(`json: cannot unmarshal ${found} into Go value of type ${goType}`);
    this.found = found;
    this.goType = goType;
  }
}

/** A number as the text has it, where that is no plain integer or a long one. */
export class NumberLiteral {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const INT64_LIMIT = 2 ** 63;
/** Canonical times of days that every month has; others take the long way. */
const PLAIN_TIME = /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The canonical form of a value that is not null; `undefined` for Go's zero time, which counts as absent. Throws
 * TypeMismatchError, or the error of the type's own parser.
 */
export function decodeScalar(format: ScalarFormat, value: unknown): unknown {
  switch (format) {
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'string');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'bool');
      return value;
    case 'int32':
      return decodeInteger(value, INT32_MIN, INT32_MAX, 'int32');
    case 'int64':
      return decodeInteger(value, -INT64_LIMIT, INT64_LIMIT, 'int64');
    case 'double':
      return decodeDouble(value);
    case 'bytes':
      return Array.isArray(value) ? decodeByteList(value as readonly unknown[]) : decodeBase64(value);
    case 'time':
      return decodeTime(value);
    case 'microTime': {
      if (typeof value !== 'string') throw mismatch(value, 'string');
      const time = canonicalMicroTime(value);
      return time.startsWith(ZERO_TIME.slice(0, -1)) ? undefined : time;
    }
    case 'duration':
      if (typeof value !== 'string') throw mismatch(value, 'string');
      return canonicalDuration(value);
    case 'quantity':
      return decodeQuantity(value);
    case 'intOrString':
      return typeof value === 'string' ? value : decodeInteger(value, INT32_MIN, INT32_MAX, 'int32');
    case 'jsonObject':
    case 'json':
      return value;
  }
}

/** What Go prints for a field that was never set and is not left out. */
export function zeroScalar(format: ScalarFormat): unknown {
  switch (format) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'duration':
      return '0s';
    case 'quantity':
      return '0';
    case 'bytes':
    case 'time':
    case 'microTime':
    case 'jsonObject':
    case 'json':
      return null;
  }
}

/** Whether `omitempty` leaves the value out. */
export function isEmptyScalar(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}

function decodeDouble(value: unknown): number {
  const number = value instanceof NumberLiteral ? Number(value.source) : value;
  if (typeof number !== 'number') throw mismatch(value, 'float64');
  if (Number.isFinite(number)) return number;
  throw new TypeMismatchError(`number ${value instanceof NumberLiteral ? value.source : number}`, 'float64');
}

function decodeInteger(value: unknown, min: number, max: number, goType: string): number {
  if (value instanceof NumberLiteral && /^-?[0-9]+$/.test(value.source)) return decodeLongInteger(value, goType);
  if (typeof value !== 'number') throw mismatch(value, goType);
  if (!Number.isInteger(value) || value < min || value > max) throw new TypeMismatchError(`number ${value}`, goType);
  return value;
}

/** Integers with so many digits that a number is not exact. */
function decodeLongInteger({ source }: NumberLiteral, goType: string): number {
  const value = BigInt(source);
  if (BigInt.asIntN(goType === 'int32' ? 32 : 64, value) !== value) {
    throw new TypeMismatchError(`number ${source}`, goType);
  }
  return Number(value);
}

function decodeTime(value: unknown): string | undefined {
  if (typeof value !== 'string') throw mismatch(value, 'string');
  const time = PLAIN_TIME.test(value) ? value : canonicalTime(value);
  return time === ZERO_TIME ? undefined : time;
}

/** A number is fine, too; its digits are parsed like a text. */
function decodeQuantity(value: unknown): string {
  if (value instanceof NumberLiteral) return canonicalQuantity(value.source);
  if (typeof value === 'number') return canonicalQuantity(String(value));
  if (typeof value !== 'string') throw new Error(QUANTITY_FORMAT_MESSAGE);
  return canonicalQuantity(value.trim());
}

/** Bytes one by one. */
function decodeByteList(values: readonly unknown[]): string {
  return Buffer.from(values.map((value) => decodeInteger(value ?? 0, 0, 0xff, 'uint8'))).toString('base64');
}

function decodeBase64(value: unknown): string {
  if (typeof value !== 'string') throw mismatch(value, '[]uint8');
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value;
  if (!BASE64.test(text)) throw new Error(`illegal base64 data at input byte ${base64ErrorPosition(value)}`);
  // Bits that padding cuts off may be set in what clients send, but not in what is printed.
  return text.endsWith('=') ? Buffer.from(text, 'base64').toString('base64') : text;
}

/** Where Go's decoder gives up: at a character that cannot be there, or at the end of a group that is cut short. */
function base64ErrorPosition(text: string): number {
  let filled = 0;
  for (let position = 0; position < text.length; position++) {
    const character = text[position]!;
    if (character === '\r' || character === '\n') continue;
    if (/[A-Za-z0-9+/]/.test(character)) {
      filled = (filled + 1) % 4;
    } else if (character === '=' && filled >= 2) {
      const rest = text.slice(position + 1).replace(/^[\r\n]+/, '');
      if (filled === 3) return position + 1;
      return rest.startsWith('=') ? position + 2 : rest === '' ? text.length : position + 1;
    } else {
      return position;
    }
  }
  return filled === 0 ? text.length : text.length - filled;
}

function mismatch(value: unknown, goType: string): TypeMismatchError {
  if (value instanceof NumberLiteral) {
    return new TypeMismatchError(goType.startsWith('int') ? `number ${value.source}` : 'number', goType);
  }
  return new TypeMismatchError(goTypeName(value), goType);
}

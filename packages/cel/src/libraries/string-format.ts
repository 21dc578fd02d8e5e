import { decimal, formatDouble } from '../evaluate/format-double.ts';
import { formatSeconds, formatTimestamp } from '../evaluate/time-text.ts';
import { iterate } from '../evaluate/collections.ts';
import { typeOfValue } from '../evaluate/type-of-value.ts';
import {
  CelError,
  CelUint,
  isKind,
  isList,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from '../evaluate/value.ts';
import { runtimeTypeName } from '../types/format-type.ts';

/**
 * `'%s has %d'.format([...])`. The same clauses are checked against the types of literals when an expression is compiled.
 *
 * Mirrors: github.com/google/cel-go/ext/formatting.go
 */
export type Clause = 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o';

export const CLAUSE_ERRORS: Readonly<Record<Clause, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ',
  d: 'decimal clause can only be used on integers, was given ',
  f: 'fixed-point clause can only be used on doubles, was given ',
  e: 'scientific clause can only be used on doubles, was given ',
  b: 'only integers and bools can be formatted as binary, was given ',
  x: 'only integers, byte buffers, and strings can be formatted as hex, was given ',
  X: 'only integers, byte buffers, and strings can be formatted as hex, was given ',
  o: 'octal clause can only be used on integers, was given ',
};

const PRECISION_DEFAULT = 6;
/** The most that `toFixed` takes. */
const DIGITS_MAX = 100;

/** Thrown within this file and by callers of `replaceClauses`. */
export class FormatFailure extends Error {}

export function formatString(text: string, values: CelList): CelValue {
  try {
    return replaceClauses(text, values.size, (clause, precision, index) =>
      formatClause(values.at(index)!, clause, precision),
    );
  } catch (error) {
    if (error instanceof FormatFailure) return new CelError(error.message);
    throw error;
  }
}

type Replace = (clause: Clause, precision: number | undefined, index: number) => string;

/** Each clause replaced by what it becomes. Throws FormatFailure. */
export function replaceClauses(text: string, count: number, replace: Replace): string {
  let result = '';
  let index = 0;
  for (let offset = 0; offset < text.length;) {
    const next = text.indexOf('%', offset);
    if (next === -1) return result + text.slice(offset);
    result += text.slice(offset, next);
    if (text[next + 1] === '%') {
      result += '%';
      offset = next + 2;
      continue;
    }
    if (index >= count) throw new FormatFailure(`index ${index} out of range`);
    if (next + 1 >= text.length) throw new FormatFailure('unexpected end of string');
    const { clause, precision, end } = readClause(text, next + 1);
    result += replace(clause, precision, index);
    index++;
    offset = end;
  }
  return result;
}

function readClause(text: string, start: number): { clause: Clause; precision: number | undefined; end: number } {
  const wrap = 'could not parse formatting clause: ';
  let end = start;
  let precision: number | undefined;
  if (text[start] === '.') {
    const digits = /\d*/y;
    digits.lastIndex = start + 1;
    const [number] = digits.exec(text)!;
    end = start + 1 + number.length;
    const precisionError = `${wrap}error while parsing precision: `;
    if (end >= text.length) throw new FormatFailure(`${precisionError}could not find end of precision specifier`);
    if (number === '') {
      const message = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
      throw new FormatFailure(precisionError + message);
    }
    precision = Number(number);
  }
  const clause = String.fromCodePoint(text.codePointAt(end)!);
  if (!Object.hasOwn(CLAUSE_ERRORS, clause)) {
    throw new FormatFailure(`${wrap}unrecognized formatting clause "${clause}"`);
  }
  return { clause: clause as Clause, precision, end: end + 1 };
}

function formatClause(value: CelValue, clause: Clause, precision: number = PRECISION_DEFAULT): string {
  const refuse = (): never => {
    const type = runtimeTypeName(typeOfValue(value));
    throw new FormatFailure(`error during formatting: ${CLAUSE_ERRORS[clause]}${type}`);
  };
  switch (clause) {
    case 's':
      return formatAsString(value) ?? refuse();
    case 'd':
      return formatInteger(value, 10) ?? refuse();
    case 'f':
      return formatSpecial(value) ?? (typeof value === 'number' ? fixed(value, precision) : refuse());
    case 'e':
      // What is written as the precision is taken for the width.
      return (formatSpecial(value) ?? (typeof value === 'number' ? scientific(value) : refuse())).padStart(precision);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : (formatInteger(value, 2) ?? refuse());
    case 'o':
      return formatInteger(value, 8) ?? refuse();
    case 'x':
    case 'X': {
      const text = hexadecimal(value) ?? refuse();
      return clause === 'X' ? text.toUpperCase() : text;
    }
  }
}

function formatInteger(value: CelValue, base: number): string | undefined {
  if (typeof value === 'bigint') return value.toString(base);
  return value instanceof CelUint ? value.value.toString(base) : undefined;
}

function hexadecimal(value: CelValue): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : formatInteger(value, 16);
}

/** The doubles that are no numbers, which may also be given by name. */
function formatSpecial(value: CelValue): string | undefined {
  const number = value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isFinite(number)) return undefined;
  if (Number.isNaN(number)) return 'NaN';
  return number > 0 ? '∞' : '-∞';
}

/** With commas between groups of three digits. */
function fixed(value: number, precision: number): string {
  const [whole, fraction] = toFixed(value, precision).split('.');
  const grouped = whole!.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `toFixed` switches to exponents at 1e21, and rounds what is exactly half up where Go rounds it to even. */
function toFixed(value: number, precision: number): string {
  if (Math.abs(value) < 1e21) {
    const rounded = value.toFixed(Math.min(precision, DIGITS_MAX));
    if (precision >= DIGITS_MAX) return rounded;
    const exact = value.toFixed(DIGITS_MAX);
    const kept = exact.slice(0, exact.length - DIGITS_MAX + precision).replace(/\.$/, '');
    const rest = exact.slice(exact.length - DIGITS_MAX + precision);
    return /^50*$/.test(rest) && /[02468]$/.test(kept) ? kept : rounded;
  }
  return `${decimal(value)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `1.052033×10⁰³` */
function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(PRECISION_DEFAULT).split('e') as [string, string];
  const digits = exponent
    .slice(1)
    .padStart(2, '0')
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]!);
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${digits}`;
}

/** Undefined: no such value can be a string. */
function formatAsString(value: CelValue): string | undefined {
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value !== 'object') return String(value);
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return utf8(value);
  if (isList(value)) return formatList(value);
  if (isMap(value)) return formatMap(value);
  if (isKind(value, 'uint')) return String(value.value);
  if (isKind(value, 'timestamp')) return formatTimestamp(value);
  if (isKind(value, 'duration')) return formatSeconds(value.nanoseconds);
  return isKind(value, 'type') ? runtimeTypeName(value.type) : undefined;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatFailure(
      'error during formatting: could not convert argument "invalid UTF-8 in bytes, cannot convert to string" to string',
    );
  }
}

function formatList(list: CelList): string {
  return `[${[...iterate(list)].map(formatMember).join(', ')}]`;
}

function formatMap(map: CelMap): string {
  const entries: (readonly [string, string])[] = [];
  for (const key of map.keys()) {
    const isText = typeof key === 'string' || typeof key === 'boolean';
    const text = isText ? String(key) : formatInteger(key, 10);
    if (text === undefined) {
      const type = runtimeTypeName(typeOfValue(key));
      throw new FormatFailure(`error during formatting: no formatting function for map key of type ${type}`);
    }
    entries.push([typeof key === 'string' ? quoteGo(text) : text, formatMember(map.get(key)!)]);
  }
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, value]) => `${key}:${value}`).join(', ')}}`;
}

/** Inside of lists and maps strings are quoted and times are calls. */
function formatMember(value: CelValue): string {
  if (typeof value === 'string') return quoteGo(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? toFixed(value, PRECISION_DEFAULT) : `"${specialName(value)}"`;
  if (value instanceof Uint8Array) return `b${quoteGo(utf8(value))}`;
  if (isKind(value, 'timestamp')) return `timestamp("${formatTimestamp(value)}")`;
  if (isKind(value, 'duration')) return `duration("${formatSeconds(value.nanoseconds)}")`;
  const text = formatAsString(value);
  if (text !== undefined) return text;
  throw new FormatFailure(`error during formatting: no formatting function for ${runtimeTypeName(typeOfValue(value))}`);
}

function specialName(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** Go's `%q`, of text that is mostly printable. */
export function quoteGo(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replace(/[\x00-\x1f\x7f\\"]/g, (character) => {
    const simple = GO_ESCAPES[character];
    return simple ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped.replace(/[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, escapeUnprintable)}"`;
}

function escapeUnprintable(character: string): string {
  if (character === ' ') return character;
  const digits = character.codePointAt(0)!.toString(16);
  return digits.length > 4 ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

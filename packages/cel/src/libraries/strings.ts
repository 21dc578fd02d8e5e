import type { Library } from '../check/function-declaration.ts';
import { ValueList, iterate } from '../evaluate/collections.ts';
import { CelError, type CelList, type CelValue } from '../evaluate/value.ts';
import { formatPlain } from '../evaluate/format-value.ts';
import { formatString } from './string-format.ts';

/** Unicode's white space, as Go knows it. */
const SPACE = '[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+';
const SPACE_AT_ENDS = new RegExp(`^${SPACE}|${SPACE}$`, 'g');

/**
 * Strings beyond the standard ones. Positions count code points.
 *
 * Mirrors: github.com/google/cel-go/ext/strings.go, version 2
 */
export const stringsLibrary: Library = {
  charAt: { overloads: { string_char_at_int: ['string.(int) string', charAt] } },
  indexOf: {
    overloads: {
      string_index_of_string: ['string.(string) int', (text: string, part: string) => indexOf(text, part, 0n)],
      string_index_of_string_int: ['string.(string, int) int', indexOf],
    },
  },
  lastIndexOf: {
    overloads: {
      string_last_index_of_string: ['string.(string) int', lastIndexOfWhole],
      string_last_index_of_string_int: ['string.(string, int) int', lastIndexOf],
    },
  },
  lowerAscii: {
    overloads: {
      string_lower_ascii: [
        'string.() string',
        (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
      ],
    },
  },
  upperAscii: {
    overloads: {
      string_upper_ascii: [
        'string.() string',
        (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
      ],
    },
  },
  replace: {
    overloads: {
      string_replace_string_string: [
        'string.(string, string) string',
        (text: string, from: string, to: string) => replace(text, from, to, -1),
      ],
      string_replace_string_string_int: [
        'string.(string, string, int) string',
        (text: string, from: string, to: string, count: bigint) => replace(text, from, to, Number(count)),
      ],
    },
  },
  split: {
    overloads: {
      string_split_string: ['string.(string) list(string)', (text: string, by: string) => split(text, by, -1)],
      string_split_string_int: [
        'string.(string, int) list(string)',
        (text: string, by: string, count: bigint) => split(text, by, Number(count)),
      ],
    },
  },
  substring: {
    overloads: {
      string_substring_int: ['string.(int) string', substringFrom],
      string_substring_int_int: ['string.(int, int) string', substring],
    },
  },
  trim: { overloads: { string_trim: ['string.() string', (text: string) => text.replace(SPACE_AT_ENDS, '')] } },
  format: {
    overloads: {
      string_format: ['string.(list(dyn)) string', (text: string, values: CelList) => formatString(text, values)],
    },
  },
  'strings.quote': { overloads: { strings_quote: ['(string) string', quote] } },
  join: {
    overloads: {
      list_join: ['list(string).() string', (list: CelList) => join(list, '')],
      list_join_string: ['list(string).(string) string', join],
    },
  },
};

function charAt(text: string, index: bigint): CelValue {
  const characters = Array.from(text);
  if (index < 0n || index > characters.length) return outOfRange(index);
  return characters[Number(index)] ?? '';
}

function indexOf(text: string, part: string, from: bigint): CelValue {
  if (part === '') return from;
  if (from < 0n) return outOfRange(from);
  const [characters, wanted] = [Array.from(text), Array.from(part)];
  for (let index = Number(from); index <= characters.length - wanted.length; index++) {
    if (wanted.every((character, offset) => characters[index + offset] === character)) return BigInt(index);
  }
  return -1n;
}

function lastIndexOfWhole(text: string, part: string): CelValue {
  const { length } = Array.from(text);
  if (part === '') return BigInt(length);
  if (Buffer.byteLength(text) < Buffer.byteLength(part)) return -1n;
  return lastIndexOf(text, part, BigInt(length - 1));
}

function lastIndexOf(text: string, part: string, from: bigint): CelValue {
  if (part === '') return from;
  if (from < 0n) return outOfRange(from);
  const [characters, wanted] = [Array.from(text), Array.from(part)];
  if (from >= characters.length) return -1n;
  for (let index = Math.min(Number(from), characters.length - wanted.length); index >= 0; index--) {
    if (wanted.every((character, offset) => characters[index + offset] === character)) return BigInt(index);
  }
  return -1n;
}

/** At most `count` times; all, if that is negative. An empty `from` is found before each code point and at the end. */
function replace(text: string, from: string, to: string, count: number): string {
  if (count < 0) return from === '' ? surround(text, to, Infinity) : text.replaceAll(from, () => to);
  if (from === '') return surround(text, to, count);
  const parts = text.split(from);
  const cut = Math.min(count, parts.length - 1);
  return (
    parts.slice(0, cut + 1).join(to) +
    parts
      .slice(cut + 1)
      .map((part) => from + part)
      .join('')
  );
}

function surround(text: string, by: string, count: number): string {
  const characters = Array.from(text);
  let result = '';
  for (let index = 0; index <= characters.length; index++) {
    if (index < count) result += by;
    result += characters[index] ?? '';
  }
  return result;
}

function split(text: string, by: string, count: number): CelValue {
  if (count === 0) return new ValueList([]);
  const parts = by === '' ? Array.from(text) : text.split(by);
  if (count < 0 || parts.length <= count) return new ValueList(parts);
  return new ValueList([...parts.slice(0, count - 1), parts.slice(count - 1).join(by)]);
}

function substringFrom(text: string, start: bigint): CelValue {
  const characters = Array.from(text);
  return start < 0n || start > characters.length ? outOfRange(start) : characters.slice(Number(start)).join('');
}

function substring(text: string, start: bigint, end: bigint): CelValue {
  const characters = Array.from(text);
  if (start > end) return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > characters.length) return outOfRange(start);
  if (end > characters.length) return outOfRange(end);
  return characters.slice(Number(start), Number(end)).join('');
}

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

function join(list: CelList, separator: string): CelValue {
  const parts: string[] = [];
  for (const item of iterate(list)) {
    if (typeof item !== 'string') return new CelError(`join: invalid input: ${formatPlain(item)}`);
    parts.push(item);
  }
  return parts.join(separator);
}

const QUOTED: Readonly<Record<string, string>> = {
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

function quote(text: string): string {
  // The control characters are those that CEL has escapes for.
  // oxlint-disable-next-line no-control-regex
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => QUOTED[character]!)}"`;
}

/**
 * A scanner of JSON text that says what Go's decoder says: its syntax errors, and every member in the order of the
 * text, members that an object has twice included. `JSON.parse` is faster; this is for texts where its answer is not
 * enough.
 *
 * Mirrors: Go's encoding/json scanner and sigs.k8s.io/json (v1.36)
 */

import type { JsonObject, JsonValue } from './scalars.ts';

/** Text that is no JSON. The message is Go's. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

export type JsonPathSegment = string | number;

/** Called for every member of an object; `again` is set if the object has had a member of that name before. */
export type MemberVisitor = (path: readonly JsonPathSegment[], again: boolean) => void;

export const JSON_DEPTH_MAX = 1000;

/** Throws JsonSyntaxError if the text is not one JSON value. */
export function scanJson(text: string, onMember: MemberVisitor = () => {}): void {
  const scanner = new Scanner(text, onMember);
  scanner.value();
  scanner.end();
}

/**
 * A value as Go decodes it into a struct: where an object has a member twice, the second goes into what the first has
 * left. Objects get further members, elements of lists are merged one by one, and `null` leaves strings, numbers and
 * booleans as they are. Throws JsonSyntaxError.
 *
 * Differs: a pointer to one of these would become nil, and members of a map would replace each other.
 */
export function parseMerging(text: string): JsonValue {
  const scanner = new Scanner(text, () => {});
  const value = scanner.value();
  scanner.end();
  return value;
}

function merged(old: JsonValue | undefined, value: JsonValue): JsonValue {
  if (Array.isArray(old) && Array.isArray(value)) {
    return value.map((element: JsonValue, index) => merged(old[index] as JsonValue | undefined, element));
  }
  if (value === null && old !== undefined && typeof old !== 'object') return old;
  if (!isObject(old) || !isObject(value)) return value;
  const members = new Map(Object.entries(old));
  for (const [key, member] of Object.entries(value)) members.set(key, merged(members.get(key), member));
  return Object.fromEntries(members);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path as messages show it: `spec.containers[0].name`. */
export function jsonPathText(path: readonly JsonPathSegment[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

class Scanner {
  readonly #text: string;
  readonly #onMember: MemberVisitor;
  readonly #path: JsonPathSegment[] = [];
  #position = 0;

  constructor(text: string, onMember: MemberVisitor) {
    this.#text = text;
    this.#onMember = onMember;
  }

  value(): JsonValue {
    if (this.#path.length > JSON_DEPTH_MAX) throw new JsonSyntaxError('exceeded max depth');
    const character = this.#skipSpace();
    if (character === '{') return this.#object();
    if (character === '[') return this.#array();
    if (character === '"') return this.#string();
    if (character === 't') return this.#literal('true', true);
    if (character === 'f') return this.#literal('false', false);
    if (character === 'n') return this.#literal('null', null);
    if (character === '-' || isDigit(character)) return this.#number();
    throw this.#unexpected('looking for beginning of value');
  }

  end(): void {
    if (this.#skipSpace() !== '') throw this.#unexpected('after top-level value');
  }

  #object(): JsonObject {
    this.#position++;
    const members = new Map<string, JsonValue>();
    if (this.#skipSpace() === '}') {
      this.#position++;
      return {};
    }
    for (;;) {
      if (this.#skipSpace() !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      if (this.#skipSpace() !== ':') throw this.#unexpected('after object key');
      this.#position++;
      this.#path.push(key);
      this.#onMember(this.#path, members.has(key));
      members.set(key, merged(members.get(key), this.value()));
      this.#path.pop();
      const next = this.#skipSpace();
      if (next !== ',' && next !== '}') throw this.#unexpected('after object key:value pair');
      this.#position++;
      if (next === '}') return Object.fromEntries(members);
    }
  }

  #array(): JsonValue[] {
    this.#position++;
    const elements: JsonValue[] = [];
    if (this.#skipSpace() === ']') {
      this.#position++;
      return elements;
    }
    for (let index = 0; ; index++) {
      this.#path.push(index);
      elements.push(this.value());
      this.#path.pop();
      const next = this.#skipSpace();
      if (next !== ',' && next !== ']') throw this.#unexpected('after array element');
      this.#position++;
      if (next === ']') return elements;
    }
  }

  #string(): string {
    const start = this.#position++;
    for (;;) {
      const character = this.#peek();
      if (character === '"') {
        this.#position++;
        return JSON.parse(this.#text.slice(start, this.#position)) as string;
      }
      if (character === '' || character < ' ') throw this.#unexpected('in string literal');
      this.#position++;
      if (character === '\\') this.#escape();
    }
  }

  #escape(): void {
    const character = this.#peek();
    if (character === '' || !'"\\/bfnrtu'.includes(character)) throw this.#unexpected('in string escape code');
    this.#position++;
    if (character !== 'u') return;
    for (let digit = 0; digit < 4; digit++) {
      if (!/^[0-9a-fA-F]$/.test(this.#peek())) throw this.#unexpected('in \\u hexadecimal character escape');
      this.#position++;
    }
  }

  #literal(word: string, value: boolean | null): boolean | null {
    for (const expected of word) {
      if (this.#peek() !== expected)
        throw this.#unexpected(`in literal ${word} (expecting ${quoteCharacter(expected)})`);
      this.#position++;
    }
    return value;
  }

  #number(): number {
    const start = this.#position;
    if (this.#peek() === '-') this.#position++;
    if (this.#peek() === '0') this.#position++;
    else this.#digits('in numeric literal');
    if (this.#peek() === '.') {
      this.#position++;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#peek() === 'e' || this.#peek() === 'E') {
      this.#position++;
      if (this.#peek() === '+' || this.#peek() === '-') this.#position++;
      this.#digits('in exponent of numeric literal');
    }
    return Number(this.#text.slice(start, this.#position));
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) throw this.#unexpected(where);
    while (isDigit(this.#peek())) this.#position++;
  }

  #peek(): string {
    return this.#text.charAt(this.#position);
  }

  #skipSpace(): string {
    while (' \t\r\n'.includes(this.#peek()) && this.#position < this.#text.length) this.#position++;
    return this.#peek();
  }

  #unexpected(where: string): JsonSyntaxError {
    const character = this.#peek();
    if (character === '') return new JsonSyntaxError('unexpected end of JSON input');
    return new JsonSyntaxError(`invalid character ${quoteCharacter(character)} ${where}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** Go looks at bytes: of a character beyond ASCII it sees the first one. */
function quoteCharacter(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  const byte = Buffer.from(character)[0]!;
  const hexadecimal = byte.toString(16).padStart(2, '0');
  if (byte < 0x20 || byte === 0x7f) {
    const short = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }[byte];
    return `'${short ?? `\\x${hexadecimal}`}'`;
  }
  if (byte >= 0x80 && (byte <= 0xa0 || byte === 0xad)) return `'\\u00${hexadecimal}'`;
  return byte === 0x5c ? String.raw`'\\'` : `'${String.fromCharCode(byte)}'`;
}

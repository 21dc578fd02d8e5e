import { JSON_DEPTH_MAX, jsonPathText, JsonSyntaxError, scanJson } from './json-scan.ts';
import type { JsonValue } from './scalars.ts';

/** JSON text as a value, with what a strict decoder says about duplicate members. */
export interface StrictJson {
  readonly value: JsonValue;
  /** Paths of members that an object has more than once, such as `spec.containers[0].name`, in order, each once. */
  readonly duplicates: readonly string[];
}

/** Of members with the same name the last one counts. Throws JsonSyntaxError. */
export function parseJsonStrict(input: Uint8Array | string): StrictJson {
  const text = jsonText(input);
  const value = parseJson(text);
  return { value, duplicates: countMembers(value) === countKeys(text).keys ? [] : findDuplicates(text) };
}

/** `JSON.parse` with Go's messages. Throws JsonSyntaxError. */
export function parseJson(input: Uint8Array | string): JsonValue {
  const text = jsonText(input);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    scanJson(text);
    throw new JsonSyntaxError((error as Error).message);
  }
}

/** JSON as Go prints it: characters that are special in HTML are escaped. No line feed. */
export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(formatJson(value));
}

export function formatJson(value: unknown): string {
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeCharacter) : text;
}

/**
 * What Go's decoder reads: invalid UTF-8 and halves of surrogate pairs become U+FFFD, a byte order mark stays and is an
 * error.
 */
export function jsonText(input: Uint8Array | string): string {
  const text =
    typeof input === 'string' ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8');
  return SURROGATE.test(text) ? text.replace(ESCAPES, wholeEscape) : text;
}

const SURROGATE = /\\u[dD][89a-fA-F]/;
/** Escaped backslashes, pairs of surrogates, and surrogates alone. */
const ESCAPES = /\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;
const ALONE = '\\u0000'.length;

function wholeEscape(escape: string): string {
  return escape.length === ALONE ? '\\ufffd' : escape;
}

export interface KeyCount {
  /** At least the number of members that the text has, duplicates included; hardly ever more. */
  readonly keys: number;
  /** A member seems to be a number that is not written as a plain integer, or is too long to be exact. */
  readonly unusualNumbers: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
/** Integers with fewer digits are exact as numbers. */
const INEXACT_DIGITS = 16;

/**
 * Counts what may be keys without following the structure: colons after a quote that is not escaped. A string that
 * begins with a colon counts too. So a text has no duplicate members if its value has as many members as counted here.
 */
export function countKeys(text: string): KeyCount {
  let keys = 0;
  let unusualNumbers = false;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (isSpace(text.charCodeAt(before))) before--;
    if (text.charCodeAt(before) !== QUOTE) continue;
    let backslashes = 0;
    while (text.charCodeAt(--before) === BACKSLASH) backslashes++;
    if (backslashes % 2 !== 0) continue;
    keys++;
    unusualNumbers ||= startsUnusualNumber(text, colon + 1);
  }
  return { keys, unusualNumbers };
}

/** The number of members of all objects in a value. Throws JsonSyntaxError if it is nested too deeply. */
export function countMembers(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > JSON_DEPTH_MAX) throw new JsonSyntaxError('exceeded max depth');
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) count += countMembers(item, depth + 1);
    return count;
  }
  for (const key in value) {
    count++;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof member === 'object') count += countMembers(member, depth + 1);
  }
  return count;
}

/** Whether a list seems to have such a number. */
export function hasUnusualElements(text: string): boolean {
  return /[[,]\s*-?(?:[0-9]+[.eE]|[0-9]{16})/.test(text);
}

function findDuplicates(text: string): readonly string[] {
  const paths = new Set<string>();
  scanJson(text, (path, again) => {
    if (again) paths.add(jsonPathText(path));
  });
  return [...paths];
}

function startsUnusualNumber(text: string, start: number): boolean {
  let position = start;
  while (isSpace(text.charCodeAt(position))) position++;
  if (text.charCodeAt(position) === MINUS) position++;
  const digits = position;
  while (isDigit(text.charCodeAt(position))) position++;
  if (position === digits) return false;
  return position - digits >= INEXACT_DIGITS || (position < text.length && '.eE'.includes(text.charAt(position)));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

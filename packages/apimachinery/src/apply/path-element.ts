import type { JsonValue } from '../scalars.ts';

/**
 * One step of a path in an object, in the form of FieldsV1: `f:name` for a field, `k:{"name":"a"}` for an element of a
 * list that is a map, `v:"x"` for an element of a list that is a set, `i:0` for a position. The text identifies the
 * step: keys are sorted and JSON is canonical.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/fieldpath (v1.36)
 */
export type PathElement = string;

export const fieldElement = (name: string): PathElement => `f:${name}`;

export const valueElement = (value: JsonValue): PathElement => `v:${JSON.stringify(value)}`;

/** `fields` need not be sorted. */
export function keyElement(fields: readonly (readonly [name: string, value: JsonValue])[]): PathElement {
  const sorted = fields.length > 1 ? fields.toSorted(([a], [b]) => compareText(a, b)) : fields;
  return `k:{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

/** The element as FieldsV1 has it, made canonical; undefined if it is of no known kind. */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.startsWith('f:') || PLAIN_KEY.test(text)) return text;
  if (text.startsWith('v:')) return valueElement(JSON.parse(text.slice(2)) as JsonValue);
  if (text.startsWith('k:')) return keyElement(Object.entries(JSON.parse(text.slice(2)) as Record<string, JsonValue>));
  return /^i:-?[0-9]+$/.test(text) ? text : undefined;
}

/** The name, if the element is a field. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

export const isKeyElement = (element: PathElement): boolean => element.startsWith('k:');

/** As conflicts show it: `.name`, `[name="a"]`, `[="x"]`, `[0]`. */
export function elementText(element: PathElement): string {
  const body = element.slice(2);
  if (element.startsWith('f:')) return `.${body}`;
  if (element.startsWith('i:')) return `[${body}]`;
  if (element.startsWith('v:')) return `[=${body}]`;
  const fields = Object.entries(JSON.parse(body) as Record<string, JsonValue>);
  return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

export function pathText(path: readonly PathElement[]): string {
  return path.map(elementText).join('');
}

/** A key of one field in canonical form. */
const PLAIN_KEY = /^k:\{"[^"\\]*":"[^"\\]*"\}$/;

/** Of two keys with the same one field of plain text; undefined for others. */
function comparePlainKeys(a: PathElement, b: PathElement): number | undefined {
  const valueAt = a.indexOf(PLAIN_VALUE) + PLAIN_VALUE.length;
  const isSameField = valueAt > PLAIN_VALUE.length && b.startsWith(a.slice(0, valueAt));
  if (!isSameField || !PLAIN_KEY.test(a) || !PLAIN_KEY.test(b)) return undefined;
  return compareText(a.slice(valueAt, -2), b.slice(valueAt, -2));
}

/** What is between the name and the value of a key of one text field. */
const PLAIN_VALUE = '":"';

const KIND_ORDER = 'fkvi';

/** Fields, then keys, values and positions, each in their own order. */
export function compareElements(a: PathElement, b: PathElement): number {
  const kinds = KIND_ORDER.indexOf(a[0]!) - KIND_ORDER.indexOf(b[0]!);
  if (kinds !== 0) return kinds;
  if (a.startsWith('f:')) return compareText(a, b);
  const plain = comparePlainKeys(a, b);
  if (plain !== undefined) return plain;
  return compareValues(JSON.parse(a.slice(2)) as JsonValue, JSON.parse(b.slice(2)) as JsonValue);
}

/** Numbers, texts, booleans, then maps. */
function compareValues(a: JsonValue, b: JsonValue): number {
  const ranks = valueRank(a) - valueRank(b);
  if (ranks !== 0) return ranks;
  if (typeof a === 'number') return a - (b as number);
  if (typeof a === 'object' && a !== null && b !== null) return compareFields(Object.entries(a), Object.entries(b));
  return compareText(String(a as string | boolean), String(b as string | boolean));
}

function compareFields(a: readonly [string, JsonValue][], b: readonly [string, JsonValue][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (!other) return 1;
    const result = compareText(name, other[0]) || compareValues(value, other[1]);
    if (result !== 0) return result;
  }
  return a.length - b.length;
}

function valueRank(value: JsonValue): number {
  return ['number', 'string', 'boolean', 'object'].indexOf(typeof value);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

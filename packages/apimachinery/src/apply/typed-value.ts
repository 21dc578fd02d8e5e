import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema, Schema, ScalarFormat } from '../schema.ts';
import { fieldElement, keyElement, valueElement, type PathElement } from './path-element.ts';

/**
 * How server-side apply sees values: what is one leaf, what is a map, what is a list whose elements have identities.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/{schema,typed/helpers.go} and kube-openapi's schemaconv (v1.36)
 */
export type TypedKind = 'leaf' | 'map' | 'list';

/** `undefined` where no schema applies: unknown fields of custom resources, whose lists are leaves. */
export type Type = Schema | undefined;

/** How to treat a place that has `a` and `b`, of which either may be absent. */
export function kindOfPlace(type: Type, a: JsonValue | undefined, b: JsonValue | undefined): TypedKind {
  if (type === undefined) return isMap(b ?? a) ? 'map' : 'leaf';
  switch (type.type) {
    case 'scalar':
      return 'leaf';
    case 'object':
      return type.structType === 'atomic' ? 'leaf' : 'map';
    case 'map':
      return type.mapType === 'atomic' ? 'leaf' : 'map';
    case 'list':
      return isAssociative(type) ? 'list' : 'leaf';
  }
}

export function isAssociative(type: ListSchema): boolean {
  return type.listType === 'set' || type.listType === 'map';
}

export function typeOfMember(type: Type, name: string): Type {
  if (type?.type === 'object') return type.fields.get(name)?.schema;
  return type?.type === 'map' ? type.values : undefined;
}

/** The type of a member, and whether it is a declared field. */
export function memberType(type: Type, name: string): { readonly type: Type; readonly declared: boolean } {
  return { type: typeOfMember(type, name), declared: type?.type === 'object' && type.fields.has(name) };
}

/** What identifies an element of an associative list. Throws with what is wrong with the element. */
export function elementOf(type: ListSchema, item: JsonValue): PathElement {
  const keys = type.listMapKeys ?? [];
  if (keys.length === 0) return setElement(item);
  if (item === null) throw new Error('associative list with keys may not have a null element');
  if (!isMap(item)) throw new Error('associative list with keys may not have non-map elements');
  const fields: [string, JsonValue][] = [];
  for (const key of keys) {
    const value = Object.hasOwn(item, key) ? item[key] : defaultOf(type.items, key);
    if (value !== undefined) fields.push([key, value]);
  }
  if (fields.length === 0) {
    throw new Error(
      `associative list with keys has an element that omits all key fields [${keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(fields);
}

/** `elementOf` for values that have been validated: elements without identity are passed over. */
export function identityOf(type: ListSchema, item: JsonValue): PathElement | undefined {
  try {
    return elementOf(type, item);
  } catch {
    return undefined;
  }
}

/** Whether a value is of its type all through. Where elements have identities each has one. */
export function isTyped(type: Type, value: JsonValue): boolean {
  if (type === undefined || value === null) return true;
  switch (type.type) {
    case 'scalar':
      return isTypedScalar(type.format, value);
    case 'list': {
      if (!isList(value)) return false;
      if (isAssociative(type) && value.some((item) => identityOf(type, item) === undefined)) return false;
      return value.every((item) => isTyped(type.items, item));
    }
    case 'map':
    case 'object':
      return isMap(value) && Object.keys(value).every((name) => isTyped(memberType(type, name).type, value[name]!));
  }
}

/** The other formats say more about what they are written as than Go's reader asks for. */
function isTypedScalar(format: ScalarFormat, value: JsonValue): boolean {
  if (format === 'string' || format === 'boolean') return typeof value === format;
  const isNumber = format === 'int32' || format === 'int64' || format === 'double';
  return !isNumber || typeof value === 'number';
}

export const memberElement = fieldElement;

export function isMap(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isEmptyMap(value: JsonValue | undefined): boolean {
  if (!isMap(value)) return true;
  for (const _ in value) return false;
  return true;
}

export function isEmptyList(value: JsonValue | undefined): boolean {
  return !isList(value) || value.length === 0;
}

function setElement(item: JsonValue): PathElement {
  if (isMap(item)) throw new Error("associative list without keys has an element that's a map type");
  if (isList(item)) throw new Error('not supported: associative list with lists as elements');
  if (item === null) throw new Error("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}

/** A field that Go always has is its zero value where nobody has set it. */
function defaultOf(items: Schema, key: string): JsonValue | undefined {
  const field = items.type === 'object' ? items.fields.get(key) : undefined;
  if (!field || field.default !== undefined) return field?.default as JsonValue | undefined;
  if (field.optional || field.pointer || field.schema.type !== 'scalar') return undefined;
  return ZERO_KEYS[field.schema.format];
}

const ZERO_KEYS: Readonly<Partial<Record<ScalarFormat, JsonValue>>> = {
  string: '',
  int32: 0,
  int64: 0,
  boolean: false,
};

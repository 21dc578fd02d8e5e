import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import { childSet, isEmptySet, type FieldSet } from './field-set.ts';
import { identityOf, isList, isMap, kindOfPlace, memberElement, typeOfMember, type Type } from './typed-value.ts';

/**
 * The object without the members of a set. What becomes empty stays as an empty map or list.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/remove.go (v1.36)
 */
export function removeFields(type: Type, value: JsonValue, fields: FieldSet): JsonValue {
  if (isEmptySet(fields)) return value;
  const kind = kindOfPlace(type, value, undefined);
  if (kind === 'map' && isMap(value)) return removeMembers(type, value, fields);
  if (kind === 'list' && isList(value)) return removeElements(type as ListSchema, value, fields);
  // Something below a leaf can only be meant by a set of another schema; upstream then empties the leaf.
  if (type?.type === 'scalar') return value;
  return isMap(value) ? {} : isList(value) ? [] : value;
}

function removeMembers(type: Type, value: JsonObject, fields: FieldSet): JsonObject {
  const kept: [string, JsonValue][] = [];
  for (const [name, member] of Object.entries(value)) {
    const element = memberElement(name);
    if (fields.members.has(element)) continue;
    kept.push([name, removeFields(typeOfMember(type, name), member, childSet(fields, element))]);
  }
  return Object.fromEntries(kept);
}

function removeElements(type: ListSchema, list: readonly JsonValue[], fields: FieldSet): readonly JsonValue[] {
  return list.flatMap((item) => {
    const element = identityOf(type, item);
    if (element === undefined) return [item];
    if (fields.members.has(element)) return [];
    return [removeFields(type.items, item, childSet(fields, element))];
  });
}

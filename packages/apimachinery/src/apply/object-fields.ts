import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import { addChild, addMember, newFieldSet, type FieldSet, type FieldSetDraft } from './field-set.ts';
import type { PathElement } from './path-element.ts';
import { identityOf, isList, isMap, kindOfPlace, memberElement, memberType, type Type } from './typed-value.ts';

/**
 * The paths that an applied object claims: its leaves, the elements of its lists, the keys of its maps.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go (v1.36)
 */
export function fieldsOf(type: Type, value: JsonValue): FieldSet {
  const set = newFieldSet();
  if (kindOfPlace(type, value, undefined) === 'map' && isMap(value)) collectMembers(set, type, value);
  return set;
}

/** Adds what is at `element`, and below it, to the set of its parent. */
function collect(parent: FieldSetDraft, element: PathElement, type: Type, value: JsonValue): void {
  const kind = kindOfPlace(type, value, undefined);
  if (kind === 'leaf') {
    addMember(parent, element);
    return;
  }
  const below = newFieldSet();
  if (kind === 'map' && isMap(value)) collectMembers(below, type, value);
  else if (kind === 'list' && isList(value)) collectElements(below, type as ListSchema, value);
  if (below.members.size > 0 || below.children.size > 0) addChild(parent, element, below);
}

function collectMembers(set: FieldSetDraft, type: Type, object: JsonObject): void {
  for (const name in object) {
    const member = object[name]!;
    const { type: below, declared } = memberType(type, name);
    const element = memberElement(name);
    collect(set, element, below, member);
    if (!declared || member === null || (isMap(member) && isEmptyObject(member))) addMember(set, element);
  }
}

/** Elements of the same identity are claimed as a whole. */
function collectElements(set: FieldSetDraft, type: ListSchema, list: readonly JsonValue[]): void {
  const elements = list.map((item) => identityOf(type, item));
  for (const [index, element] of elements.entries()) {
    if (element === undefined) continue;
    if (elements.indexOf(element) === elements.lastIndexOf(element)) collect(set, element, type.items, list[index]!);
    addMember(set, element);
  }
}

function isEmptyObject(object: JsonObject): boolean {
  for (const _name in object) return false;
  return true;
}

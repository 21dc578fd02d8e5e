import { deepEqual } from '../deep-equal.ts';
import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import { insertPath, newFieldSet, type FieldSet, type FieldSetDraft } from './field-set.ts';
import type { PathElement } from './path-element.ts';
import { wasSentEmpty } from '../sent-empty.ts';
import {
  identityOf,
  isEmptyList,
  isEmptyMap,
  isList,
  isMap,
  kindOfPlace,
  memberElement,
  typeOfMember,
  type Type,
} from './typed-value.ts';

/** Mirrors: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go (v1.36) */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
  /** A list has elements that nothing tells apart, so that nobody can own any of them. */
  readonly untyped?: boolean;
}

/** What a change from `before` to `after` does to which paths, without those of `ignored` and what is below them. */
export function compareObjects(type: Type, before: JsonValue, after: JsonValue, ignored?: FieldSet): Comparison {
  const walk: Walk = {
    removed: newFieldSet(),
    modified: newFieldSet(),
    added: newFieldSet(),
    path: [],
    untyped: false,
  };
  comparePlace(walk, type, before, after, ignored);
  const { removed, modified, added, untyped } = walk;
  return untyped ? { removed, modified, added, untyped } : { removed, modified, added };
}

interface Walk {
  readonly removed: FieldSetDraft;
  readonly modified: FieldSetDraft;
  readonly added: FieldSetDraft;
  readonly path: PathElement[];
  untyped: boolean;
}

type Side = JsonValue | undefined;

function comparePlace(walk: Walk, type: Type, before: Side, after: Side, ignored: FieldSet | undefined): void {
  // The same immutable part of both objects: nothing below can differ.
  if (before === after) return;
  if (type === undefined && before !== undefined && after !== undefined && isMap(before) !== isMap(after)) {
    // Without a schema the values say what they are: a leaf has changed, and a map has come or gone.
    insertPath(walk.modified, walk.path);
    compareMembers(walk, type, before, after, ignored);
    return;
  }
  const kind = kindOfPlace(type, before, after);
  if (kind === 'leaf' || isEmptyPlace(kind, before, after)) {
    if (before === undefined) insertPath(walk.added, walk.path);
    else if (after === undefined) insertPath(walk.removed, walk.path);
    else if (!deepEqual(before, after)) insertPath(walk.modified, walk.path);
    return;
  }
  if (kind === 'map') compareMembers(walk, type, before, after, ignored);
  else compareElements(walk, type as ListSchema, before, after);
  if (before === undefined) insertPath(walk.added, walk.path);
  else if (after === undefined) insertPath(walk.removed, walk.path);
}

/** Two empty maps or lists are compared as they are, to tell empty from null. */
function isEmptyPlace(kind: 'map' | 'list', before: Side, after: Side): boolean {
  return kind === 'map' ? isEmptyMap(before) && isEmptyMap(after) : isEmptyList(before) && isEmptyList(after);
}

function compareMembers(walk: Walk, type: Type, before: Side, after: Side, ignored: FieldSet | undefined): void {
  const left: JsonObject = isMap(before) ? before : {};
  const right: JsonObject = isMap(after) ? after : {};
  for (const name in left) compareMember(walk, type, name, left[name], sent(right, name), ignored);
  for (const name in right) {
    if (!Object.hasOwn(left, name)) compareMember(walk, type, name, undefined, sent(right, name), ignored);
  }
}

function compareMember(
  walk: Walk,
  type: Type,
  name: string,
  before: Side,
  after: Side,
  ignored: FieldSet | undefined,
): void {
  if (before === after) return;
  const element = memberElement(name);
  if (ignored?.members.has(element)) return;
  walk.path.push(element);
  comparePlace(walk, typeOfMember(type, name), before, after, ignored?.children.get(element));
  walk.path.pop();
}

function own(object: JsonObject, name: string): Side {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Where Go would have an empty list, decoding leaves `null`: it was sent, and so it is owned. */
function sent(object: JsonObject, name: string): Side {
  const value = own(object, name);
  return value === null && wasSentEmpty(object, name) ? [] : value;
}

/** No endpoint ignores a part of a list. */
function compareElements(walk: Walk, type: ListSchema, before: Side, after: Side): void {
  if (deepEqual(before, after)) {
    walk.untyped ||= isList(after) && after.some((item) => identityOf(type, item) === undefined);
    return;
  }
  const left = elementsByIdentity(walk, type, before);
  const right = elementsByIdentity(walk, type, after);
  for (const [element, items] of left) compareIdentity(walk, type, element, items, right.get(element) ?? []);
  for (const [element, items] of right) if (!left.has(element)) compareIdentity(walk, type, element, [], items);
}

function compareIdentity(
  walk: Walk,
  type: ListSchema,
  element: PathElement,
  left: readonly JsonValue[],
  right: readonly JsonValue[],
): void {
  walk.path.push(element);
  compareSameElements(walk, type, left, right);
  walk.path.pop();
}

/** Lists of updates may have several elements of the same identity. */
function compareSameElements(
  walk: Walk,
  type: ListSchema,
  left: readonly JsonValue[],
  right: readonly JsonValue[],
): void {
  if (left.length <= 1 && right.length <= 1) {
    comparePlace(walk, type.items, left[0], right[0], undefined);
  } else if (left.length >= 2 && right.length >= 2) {
    if (!deepEqual(left, right)) insertPath(walk.modified, walk.path);
  } else if (left.length >= 2) {
    if (right.length > 0) comparePlace(walk, type.items, undefined, right[0], undefined);
    insertPath(walk.removed, walk.path);
  } else {
    if (left.length > 0) comparePlace(walk, type.items, left[0], undefined, undefined);
    insertPath(walk.added, walk.path);
  }
}

function elementsByIdentity(walk: Walk, type: ListSchema, list: Side): Map<PathElement, JsonValue[]> {
  const elements = new Map<PathElement, JsonValue[]>();
  for (const item of isList(list) ? list : []) {
    const element = identityOf(type, item);
    if (element === undefined) {
      walk.untyped = true;
      continue;
    }
    const same = elements.get(element);
    if (same) same.push(item);
    else elements.set(element, [item]);
  }
  return elements;
}

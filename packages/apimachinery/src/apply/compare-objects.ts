import { deepEqual } from '../deep-equal.ts';
import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ListSchema } from '../schema.ts';
import { insertPath, newFieldSet, recursiveDifference, type FieldSet, type FieldSetDraft } from './field-set.ts';
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
  memberType,
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

/** What a change from `before` to `after` does to which paths. */
export function compareObjects(type: Type, before: JsonValue, after: JsonValue): Comparison {
  const walk: Walk = {
    removed: newFieldSet(),
    modified: newFieldSet(),
    added: newFieldSet(),
    path: [],
    untyped: false,
  };
  comparePlace(walk, type, before, after);
  const { removed, modified, added, untyped } = walk;
  return untyped ? { removed, modified, added, untyped } : { removed, modified, added };
}

/** The comparison without certain paths and what is below them. */
export function withoutPaths(comparison: Comparison, ignored: FieldSet | undefined): Comparison {
  if (!ignored) return comparison;
  return {
    ...comparison,
    removed: recursiveDifference(comparison.removed, ignored),
    modified: recursiveDifference(comparison.modified, ignored),
    added: recursiveDifference(comparison.added, ignored),
  };
}

interface Walk {
  readonly removed: FieldSetDraft;
  readonly modified: FieldSetDraft;
  readonly added: FieldSetDraft;
  readonly path: PathElement[];
  untyped: boolean;
}

type Side = JsonValue | undefined;

function comparePlace(walk: Walk, type: Type, before: Side, after: Side): void {
  // The same immutable part of both objects: nothing below can differ.
  if (before === after) return;
  if (type === undefined && before !== undefined && after !== undefined && isMap(before) !== isMap(after)) {
    // Without a schema the values say what they are: a leaf has changed, and a map has come or gone.
    insertPath(walk.modified, walk.path);
    compareMembers(walk, type, before, after);
    return;
  }
  const kind = kindOfPlace(type, before, after);
  if (kind === 'leaf' || isEmptyPlace(kind, before, after)) {
    if (before === undefined) insertPath(walk.added, walk.path);
    else if (after === undefined) insertPath(walk.removed, walk.path);
    else if (!deepEqual(before, after)) insertPath(walk.modified, walk.path);
    return;
  }
  if (kind === 'map') compareMembers(walk, type, before, after);
  else compareElements(walk, type as ListSchema, before, after);
  if (before === undefined) insertPath(walk.added, walk.path);
  else if (after === undefined) insertPath(walk.removed, walk.path);
}

/** Two empty maps or lists are compared as they are, to tell empty from null. */
function isEmptyPlace(kind: 'map' | 'list', before: Side, after: Side): boolean {
  return kind === 'map' ? isEmptyMap(before) && isEmptyMap(after) : isEmptyList(before) && isEmptyList(after);
}

function compareMembers(walk: Walk, type: Type, before: Side, after: Side): void {
  const left: JsonObject = isMap(before) ? before : {};
  const right: JsonObject = isMap(after) ? after : {};
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    walk.path.push(memberElement(name));
    comparePlace(walk, memberType(type, name).type, own(left, name), sent(right, name));
    walk.path.pop();
  }
}

function own(object: JsonObject, name: string): Side {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Where Go would have an empty list, decoding leaves `null`: it was sent, and so it is owned. */
function sent(object: JsonObject, name: string): Side {
  const value = own(object, name);
  return value === null && wasSentEmpty(object, name) ? [] : value;
}

function compareElements(walk: Walk, type: ListSchema, before: Side, after: Side): void {
  const left = elementsByIdentity(walk, type, before);
  const right = elementsByIdentity(walk, type, after);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    walk.path.push(element);
    compareSameElements(walk, type, left.get(element) ?? [], right.get(element) ?? []);
    walk.path.pop();
  }
}

/** Lists of updates may have several elements of the same identity. */
function compareSameElements(
  walk: Walk,
  type: ListSchema,
  left: readonly JsonValue[],
  right: readonly JsonValue[],
): void {
  if (left.length <= 1 && right.length <= 1) {
    comparePlace(walk, type.items, left[0], right[0]);
  } else if (left.length >= 2 && right.length >= 2) {
    if (!deepEqual(left, right)) insertPath(walk.modified, walk.path);
  } else if (left.length >= 2) {
    if (right.length > 0) comparePlace(walk, type.items, undefined, right[0]);
    insertPath(walk.removed, walk.path);
  } else {
    if (left.length > 0) comparePlace(walk, type.items, left[0], undefined);
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

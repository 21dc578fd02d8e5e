import type { JsonObject, JsonValue } from '../scalars.ts';
import type { Schema } from '../schema.ts';
import {
  compareElements,
  fieldElement,
  fieldNameOf,
  isKeyElement,
  parsePathElement,
  type PathElement,
} from './path-element.ts';

/**
 * A set of paths. A path may be a member without what is below it, and the other way round. Sets are values: the
 * operations return new ones, which share what did not change.
 *
 * Mirrors: sigs.k8s.io/structured-merge-diff/v6/fieldpath/{set,serialize}.go (v1.36)
 */
export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
  /** The FieldsV1 that it was read from. Whether it is a member itself, that is whether it has a `.`, is not its own. */
  readonly encoded?: JsonObject;
}

export type FieldPath = readonly PathElement[];

/** A set that is being built, by `insertPath`, `addMember` and `addChild`. */
export interface FieldSetDraft {
  members: ReadonlySet<PathElement>;
  children: ReadonlyMap<PathElement, FieldSetDraft>;
}

/** What all drafts begin with: most sets of an object have members only, or children only. */
const NO_MEMBERS: ReadonlySet<PathElement> = new Set();
const NO_CHILDREN: ReadonlyMap<PathElement, FieldSetDraft> = new Map();

export const EMPTY_FIELDS: FieldSet = { members: NO_MEMBERS, children: NO_CHILDREN };

export const newFieldSet = (): FieldSetDraft => ({ members: NO_MEMBERS, children: NO_CHILDREN });

/** The root is no path: inserting it does nothing. */
export function insertPath(draft: FieldSetDraft, path: FieldPath): void {
  let set = draft;
  for (let index = 0; index < path.length - 1; index++) {
    let child = set.children.get(path[index]!);
    if (!child) {
      child = newFieldSet();
      addChild(set, path[index]!, child);
    }
    set = child;
  }
  if (path.length > 0) addMember(set, path.at(-1)!);
}

export function addMember(draft: FieldSetDraft, element: PathElement): void {
  if (draft.members === NO_MEMBERS) draft.members = new Set();
  (draft.members as Set<PathElement>).add(element);
}

export function addChild(draft: FieldSetDraft, element: PathElement, child: FieldSetDraft): void {
  if (draft.children === NO_CHILDREN) draft.children = new Map();
  (draft.children as Map<PathElement, FieldSetDraft>).set(element, child);
}

/** Of paths of field names, such as `['metadata', 'name']`. */
export function fieldSetOfNames(...paths: readonly (readonly string[])[]): FieldSet {
  const draft = newFieldSet();
  for (const path of paths) insertPath(draft, path.map(fieldElement));
  return draft;
}

export function isEmptySet(set: FieldSet): boolean {
  if (set.members.size > 0) return false;
  for (const child of set.children.values()) if (!isEmptySet(child)) return false;
  return true;
}

export function hasPath(set: FieldSet, path: FieldPath): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return false;
  if (rest.length === 0) return set.members.has(first);
  const child = set.children.get(first);
  return child !== undefined && hasPath(child, rest);
}

/** What is below a path element; empty if there is nothing. */
export const childSet = (set: FieldSet, element: PathElement): FieldSet => set.children.get(element) ?? EMPTY_FIELDS;

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a)) return b;
  if (isBare(b)) return a;
  return { members: a.members.size === 0 ? b.members : a.members.union(b.members), children: unionBelow(a, b) };
}

function unionBelow(a: FieldSet, b: FieldSet): ReadonlyMap<PathElement, FieldSet> {
  if (a.children.size === 0) return b.children;
  if (b.children.size === 0) return a.children;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const own = children.get(element);
    children.set(element, own ? union(own, child) : child);
  }
  return children;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(a) || isBare(b)) return EMPTY_FIELDS;
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, other] of b.children) {
    const child = a.children.get(element);
    const common = child && intersection(child, other);
    if (!common || isEmptySet(common)) continue;
    children ??= new Map();
    children.set(element, common);
  }
  const isDisjoint = a.members.isDisjointFrom(b.members);
  if (isDisjoint && !children) return EMPTY_FIELDS;
  const members = isDisjoint ? EMPTY_FIELDS.members : a.members.intersection(b.members);
  return { members, children: children ?? EMPTY_FIELDS.children };
}

/** Without the members of `b`. What is below a member stays. The same set if there is nothing to take away. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(b)) return a;
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, other] of b.children) {
    const child = a.children.get(element);
    const rest = child && difference(child, other);
    if (rest === child) continue;
    children ??= new Map(a.children);
    if (isEmptySet(rest!)) children.delete(element);
    else children.set(element, rest!);
  }
  const isDisjoint = a.members.isDisjointFrom(b.members);
  if (isDisjoint && !children) return a;
  return { members: isDisjoint ? a.members : a.members.difference(b.members), children: children ?? a.children };
}

/** Without the members of `b` and everything below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isBare(b)) return a;
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of a.children) {
    if (b.members.has(element)) continue;
    const other = b.children.get(element);
    const rest = other ? recursiveDifference(child, other) : child;
    if (!other || !isEmptySet(rest)) children.set(element, rest);
  }
  return { members: a.members.difference(b.members), children };
}

/** A set without anything in it, not even empty sets. Most sets that a write compares are. */
const isBare = (set: FieldSet): boolean => set.members.size === 0 && set.children.size === 0;

/** With every declared field as a member that has something below it. */
export function withNamedFields(set: FieldSet, schema: Schema | undefined): FieldSet {
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element);
    if (name !== undefined && schema?.type === 'object' && schema.fields.has(name)) members.add(element);
    children.set(element, withNamedFields(child, schemaBelow(schema, element)));
  }
  return { members, children };
}

/** All members in order. */
export function pathsOf(set: FieldSet): FieldPath[] {
  const members = [...set.members].sort(compareElements).map((element) => [element]);
  const below = [...set.children]
    .sort(([a], [b]) => compareElements(a, b))
    .flatMap(([element, child]) => pathsOf(child).map((path) => [element, ...path]));
  return [...members, ...below];
}

/** FieldsV1: `{"f:spec":{"f:replicas":{}}}`, with `.` where a member has something below it. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  return set.encoded ?? writeFields(set, false);
}

function writeFields(set: FieldSet, isMember: boolean): JsonObject {
  if (set.encoded && Object.hasOwn(set.encoded, SELF) === isMember) return set.encoded;
  const fields: Record<string, JsonValue> = isMember && !isEmptySet(set) ? { [SELF]: {} } : {};
  for (const element of elementsOf(set)) {
    const child = set.children.get(element);
    fields[element] = child ? writeFields(child, set.members.has(element)) : {};
  }
  return fields;
}

function elementsOf({ members, children }: FieldSet): PathElement[] {
  const elements = [...members];
  for (const element of children.keys()) if (!members.has(element)) elements.push(element);
  return elements.sort(compareElements);
}

/** Elements of unknown kinds are skipped. Throws SyntaxError if a key or value is no JSON. */
export function decodeFieldsV1(fields: JsonValue | undefined): FieldSet {
  return isSet(fields) && checkElements(fields) ? new ReadFields(fields) : EMPTY_FIELDS;
}

/** A member with something below it. */
const SELF = '.';

/**
 * A set in FieldsV1, of which only that is taken apart what somebody looks at: a write touches few of the fields that
 * are owned, and most sets are encoded again as they were.
 */
class ReadFields implements FieldSet {
  readonly encoded: JsonObject;
  #members: Set<PathElement> | undefined;
  #children: Map<PathElement, FieldSet> | undefined;

  constructor(encoded: JsonObject) {
    this.encoded = encoded;
  }

  get members(): ReadonlySet<PathElement> {
    if (!this.#members) this.#read();
    return this.#members!;
  }

  get children(): ReadonlyMap<PathElement, FieldSet> {
    if (!this.#children) this.#read();
    return this.#children!;
  }

  #read(): void {
    this.#members = new Set();
    this.#children = new Map();
    for (const key in this.encoded) {
      const element = key === SELF ? undefined : parsePathElement(key);
      if (element === undefined) continue;
      const below = this.encoded[key];
      const isParent = isSet(below) && hasElements(below);
      if (isParent) this.#children.set(element, new ReadFields(below));
      if (!isParent || Object.hasOwn(below, SELF)) this.#members.add(element);
    }
  }
}

const isSet = (fields: JsonValue | undefined): fields is JsonObject => typeof fields === 'object' && fields !== null;

export function hasElements(fields: JsonObject): boolean {
  for (const key in fields) if (key !== SELF && parsePathElement(key) !== undefined) return true;
  return false;
}

/** Answers whether there are any; throws SyntaxError if one cannot be read. */
function checkElements(fields: JsonObject): boolean {
  let any = false;
  for (const key in fields) {
    if (key === SELF || parsePathElement(key) === undefined) continue;
    any = true;
    const below = fields[key];
    if (isSet(below)) checkElements(below);
  }
  return any;
}

function schemaBelow(schema: Schema | undefined, element: PathElement): Schema | undefined {
  const name = fieldNameOf(element);
  if (schema?.type === 'object' && name !== undefined) return schema.fields.get(name)?.schema;
  if (schema?.type === 'map' && name !== undefined) return schema.values;
  return schema?.type === 'list' && isKeyElement(element) ? schema.items : undefined;
}

import { deepCopy } from './deep-equal.ts';
import { goValueText } from './go-value-text.ts';
import { PatchError } from './json-patch.ts';
import type { JsonObject } from './scalars.ts';
import type { Field, ObjectSchema, Schema } from './schema.ts';
import { mergeInOrder } from './strategic-merge-order.ts';

/**
 * Strategic merge patch: a merge patch that knows which lists merge, and by which key.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (v1.36)
 */
export interface StrategicMergeResult {
  readonly document: JsonObject;
  /** The patch without the directives that were carried out: messages show it so, by `goValueText`. */
  readonly remainder: JsonObject;
}

/** The document after the patch; neither is touched, and what is not patched is shared. Throws PatchError. */
export function applyStrategicMergePatch(schema: ObjectSchema, document: JsonObject, patch: JsonObject): JsonObject {
  return strategicMerge(schema, document, patch).document;
}

/** The same with what is left of the patch. */
export function strategicMerge(schema: ObjectSchema, document: JsonObject, patch: JsonObject): StrategicMergeResult {
  const remainder = deepCopy(patch) as Fields;
  return {
    document: mergeMap(document, remainder, schema) as JsonObject,
    remainder: remainder as JsonObject,
  };
}

export interface Fields {
  [key: string]: unknown;
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList';
const ELEMENT_ORDER = '$setElementOrder';

/** `before` with the patch, whose directives are used up. */
function mergeMap(before: Readonly<Fields>, patch: Fields, schema: Schema | undefined): Fields {
  if (Object.hasOwn(patch, DIRECTIVE)) return applyMapDirective(patch);
  const original = { ...before };
  applyRetainKeys(original, patch);
  applyElementOrders(original, patch, schema);
  for (const [name, value] of Object.entries(patch)) {
    const deletes = name.startsWith(DELETE_FROM_LIST);
    const key = deletes ? directiveField(name, DELETE_FROM_LIST) : name;
    if (value === null) delete original[key];
    else if (Object.hasOwn(original, key) && sameType(original[key], value)) {
      mergeField(original, key, value, deletes, schema);
    } else if (!deletes) {
      setOrDrop(original, key, discardNulls(value));
    }
  }
  return original;
}

function mergeField(original: Fields, key: string, value: unknown, deletes: boolean, schema: Schema | undefined): void {
  if (Array.isArray(value)) {
    const { field, items } = listField(schema, key);
    const current = original[key] as unknown[];
    original[key] =
      deletes || otherStrategy(field) === 'merge'
        ? mergeList(current, value as unknown[], items, field.patchMergeKey ?? '', deletes)
        : value;
  } else if (typeof value === 'object') {
    const field = fieldOf(schema, key);
    original[key] =
      otherStrategy(field) === 'replace' ? value : mergeMap(original[key] as Fields, value as Fields, field.schema);
  } else {
    original[key] = value;
  }
}

function applyMapDirective(patch: Fields): Fields {
  const directive = patch[DIRECTIVE];
  if (directive === 'delete') return {};
  if (directive !== 'replace') throw unknownDirective(directive, patch);
  delete patch[DIRECTIVE];
  return patch;
}

/** Drops the members of `original` that the directive does not list; the patch may only set those that it does. */
function applyRetainKeys(original: Fields, patch: Fields): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const retained = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(retained)) throw badFormat('retainKeys');
  const keep = new Set<unknown>(retained);
  for (const [key, value] of Object.entries(patch)) {
    const isDirective = key.startsWith(DELETE_FROM_LIST) || key.startsWith(ELEMENT_ORDER);
    if (value !== null && !isDirective && !keep.has(key)) throw badFormat('retainKeys');
  }
  for (const key of Object.keys(original)) if (!keep.has(key)) delete original[key];
}

/** Merges each list that has an order directive right away, and takes both out of the patch. */
function applyElementOrders(original: Fields, patch: Fields, schema: Schema | undefined): void {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER)) continue;
    delete patch[name];
    if (!Array.isArray(order)) throw badType('[]interface {}', order);
    const key = directiveField(name, ELEMENT_ORDER);
    const current = optionalList(original[key]);
    const changes = optionalList(patch[key]);
    const { field, items } = listField(schema, key);
    const mergeKey = field.patchMergeKey ?? '';
    checkOrder(changes ?? [], order as unknown[], mergeKey);
    if (!current && !changes) continue;
    const merged = mergeOrdered(current, changes, { items, mergeKey, merges: otherStrategy(field) === 'merge' });
    const [listed, rest] = partition(merged, order as unknown[], mergeKey);
    elementKind([current ?? [], changes ?? []]);
    original[key] = mergeInOrder(listed, rest, order as unknown[], current ?? [], mergeKey);
    delete patch[key];
  }
}

function mergeOrdered(
  current: unknown[] | undefined,
  changes: unknown[] | undefined,
  list: { readonly items: Schema; readonly mergeKey: string; readonly merges: boolean },
): unknown[] {
  if (!changes) return current ?? [];
  if (!current) return withoutDirectives(changes) as unknown[];
  return list.merges ? mergeList(current, changes, list.items, list.mergeKey, false) : changes;
}

function mergeList(
  original: unknown[],
  patch: unknown[],
  items: Schema,
  mergeKey: string,
  deletes: boolean,
): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (elementKind([original, patch]) !== 'map') {
    if (deletes) return original.filter((item) => !patch.includes(item));
    const merged = [...new Set([...original, ...patch])];
    const [changed, rest] = partition(merged, patch, '');
    return mergeInOrder(changed, rest, patch, original, '');
  }
  if (mergeKey === '')
    throw unmergeable(`cannot merge lists without merge key for ${items.type === 'object' ? 'struct' : items.type}`);
  const { current, changes } = applyElementDirectives(original as Fields[], patch as Fields[], mergeKey);
  const merged = [...current];
  for (const change of changes) {
    const value = mergeValue(change, mergeKey);
    const index = merged.findIndex((item) => item[mergeKey] === value);
    if (index < 0) merged.push(change);
    else merged[index] = mergeMap(merged[index]!, change, items);
  }
  const [changed, rest] = partition(merged, changes, mergeKey);
  return mergeInOrder(changed, rest, changes, current, mergeKey);
}

/** Deletes elements, or all of them for a replacement, as the patch's special elements say. */
function applyElementDirectives(
  original: readonly Fields[],
  patch: readonly Fields[],
  mergeKey: string,
): { current: readonly Fields[]; changes: readonly Fields[] } {
  let current = original;
  let replaces = false;
  const changes: Fields[] = [];
  for (const element of patch) {
    const directive = element[DIRECTIVE];
    if (!Object.hasOwn(element, DIRECTIVE)) {
      changes.push(element);
    } else if (directive === 'delete') {
      const value = mergeValue(element, mergeKey);
      current = current.filter((item) => item[mergeKey] !== value);
    } else if (directive === 'replace') {
      replaces = true;
    } else if (directive === 'merge') {
      throw unmergeable('merging lists cannot yet be specified in the patch');
    } else {
      throw unknownDirective(directive, element);
    }
  }
  return replaces ? { current: changes, changes: [] } : { current, changes };
}

/** The elements that stand in `by`, and the others. */
function partition(list: readonly unknown[], by: readonly unknown[], mergeKey: string): [unknown[], unknown[]] {
  const values = new Set(mergeKey === '' ? by : by.map((item) => asMap(item)[mergeKey]));
  const isIn = (item: unknown): boolean => values.has(mergeKey === '' ? item : mergeValue(asMap(item), mergeKey));
  return [list.filter(isIn), list.filter((item) => !isIn(item))];
}

/** The patch's elements must come in the order that the directive lists, and all must be listed. */
function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const kept = mergeKey === '' ? patch : patch.filter((item) => !Object.hasOwn(asMap(item), DIRECTIVE));
  const value = (item: unknown): unknown => (mergeKey === '' ? item : mergeValue(asMap(item), mergeKey));
  let next = 0;
  for (const item of order) if (next < kept.length && value(item) === value(kept[next])) next++;
  if (next < kept.length) {
    throw unmergeable(
      `The order in patch list:\n${goValueText(patch)}\n doesn't match ${ELEMENT_ORDER} list:\n${goValueText(order)}\n`,
    );
  }
}

/** All elements must be of one kind, and not lists. */
function elementKind(lists: readonly (readonly unknown[])[]): string {
  const kinds = new Set(lists.flat().map(kindOf));
  const [kind] = kinds;
  if (kind === undefined) throw unmergeable('no elements in any of the given slices');
  if (kind === 'slice') throw new PatchError('inapplicable', 'lists of lists are not supported');
  if (kinds.size > 1) throw unmergeable(`list element types are not identical: ${goValueText(lists)}`);
  return kind;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (value === null) return 'nil';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'object' ? 'map' : typeof value;
}

function sameType(a: unknown, b: unknown): boolean {
  return kindOf(a) === kindOf(b);
}

function fieldOf(schema: Schema | undefined, key: string): Field {
  if (schema?.type !== 'object') {
    throw unmergeable(
      `merging an object in json but data type is not struct, instead is: ${schema?.type === 'list' ? 'slice' : (schema?.type ?? 'nil')}`,
    );
  }
  const field = schema.fields.get(key);
  if (!field) {
    const name = schema.name.split('.').at(-1)!;
    throw unmergeable(`unable to find api field in struct ${name} for the json field ${JSON.stringify(key)}`);
  }
  return field;
}

function listField(schema: Schema | undefined, key: string): { field: Field; items: Schema } {
  const field = fieldOf(schema, key);
  if (field.schema.type !== 'list') throw unmergeable('expected slice or array type, but got: struct');
  return { field, items: field.schema.items };
}

/** The strategy besides `retainKeys`. */
function otherStrategy(field: Field): string {
  return (field.patchStrategy ?? '').split(',').find((strategy) => strategy !== 'retainKeys') ?? '';
}

function directiveField(name: string, prefix: string): string {
  const slash = name.indexOf('/');
  if (slash < 0 || name.slice(0, slash) !== prefix) {
    throw badFormat(prefix === DELETE_FROM_LIST ? 'primitive list' : 'setElementOrder list');
  }
  return name.slice(slash + 1);
}

function optionalList(value: unknown): unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw badType('[]interface {}', value);
  return value as unknown[];
}

function asMap(value: unknown): Fields {
  if (kindOf(value) !== 'map') throw badType('map[string]interface {}', value);
  return value as Fields;
}

function mergeValue(element: Fields, mergeKey: string): unknown {
  if (!Object.hasOwn(element, mergeKey)) {
    throw unmergeable(`map: ${goValueText(element)} does not contain declared merge key: ${mergeKey}`);
  }
  return element[mergeKey];
}

/** Sets a value as it comes from the patch; maps that are directives vanish. */
function setOrDrop(target: Fields, key: string, value: unknown): void {
  const kept = withoutDirectives(value);
  if (kept === undefined) delete target[key];
  else if (key === '__proto__') throw unmergeable('unable to find api field for the json field "__proto__"');
  else target[key] = kept;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, withoutDirectives(member)])
      .filter(([, member]) => member !== undefined),
  );
}

/** Removes null members, in place. */
function discardNulls(value: unknown): unknown {
  if (Array.isArray(value)) value.forEach(discardNulls);
  else if (typeof value === 'object' && value !== null) {
    const fields = value as Fields;
    for (const [key, member] of Object.entries(fields)) {
      if (member === null) delete fields[key];
      else discardNulls(member);
    }
  }
  return value;
}

const unmergeable = (message: string): PatchError => new PatchError('unmergeable', message);
const badFormat = (what: string): PatchError => new PatchError('malformed', `invalid patch format of ${what}`);
const badType = (expected: string, actual: unknown): PatchError =>
  unmergeable(`expected a ${expected}, but received a ${GO_TYPES[kindOf(actual)] ?? kindOf(actual)}`);
const unknownDirective = (directive: unknown, map: Fields): PatchError =>
  unmergeable(`unknown patch type: ${goValueText(directive)} in map: ${goValueText(map)}`);

const GO_TYPES: Readonly<Record<string, string>> = {
  slice: '[]interface {}',
  map: 'map[string]interface {}',
  boolean: 'bool',
};

import { deepCopy, deepEqual } from './deep-equal.ts';
import { explainDecoding } from './decode-errors.ts';
import { decodeScalar, isEmptyScalar, zeroScalar } from './decode-scalar.ts';
import { fieldsSentEmpty, markSentEmpty } from './sent-empty.ts';
import type { JsonObject } from './scalars.ts';
import type { Field, ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';

/**
 * Reading JSON into an object of the API. The result is what Go would print for the same input: fields in Go's order,
 * maps sorted, scalars in canonical form, nothing that `omitempty` leaves out, zero values for what it does not. A
 * list or map that is never left out is `null` when it is empty, as Go prints it after a trip through storage.
 *
 * Mirrors: sigs.k8s.io/json and the JSON tags of the API types (v1.36)
 * Differs: integers beyond 2**53 lose their last digits.
 */
export interface DecodeResult {
  readonly object: JsonObject;
  /** Paths of fields that the schema does not have, such as `spec.containers[0].foo`, in the input's order. */
  readonly unknown: readonly string[];
  /** The input cannot be such an object; Go's message. `object` must not be used then. */
  readonly error?: string;
  /** The input has lists of integers, whose elements may be written in ways that a parsed value does not show. */
  readonly integerLists: boolean;
}

export interface DecodeOptions {
  /** The value belongs to the caller alone: parts that need no change are taken over instead of being copied. */
  readonly owned?: boolean;
}

export function decodeObject(schema: ObjectSchema, value: unknown, options: DecodeOptions = {}): DecodeResult {
  const run: Run = { owned: options.owned === true, suspect: false, integerLists: false };
  const object = decodeStruct(planOf(schema), value, run) as JsonObject;
  const { integerLists } = run;
  if (!run.suspect) return { object, unknown: [], integerLists };
  return { object, ...explainDecoding(schema, value), integerLists };
}

/**
 * The canonical form of an object that code has changed: order, empty and zero values. Takes over parts of the input
 * that need no change, so the input must not be used any more.
 */
export function canonicalObject<T extends object>(schema: ObjectSchema, object: T): T {
  return decodeStruct(planOf(schema), object, { owned: true, suspect: false, integerLists: false }) as T;
}

interface Run {
  readonly owned: boolean;
  /** Something was not as it should be. Finding out what is left to a second, slow walk. */
  suspect: boolean;
  integerLists: boolean;
  /** What was sent empty inside of the struct that was just left out. */
  emptied?: readonly string[] | undefined;
}

/** A field as decoding needs it. */
interface Slot {
  readonly index: number;
  readonly name: string;
  readonly schema: Schema;
  readonly isString: boolean;
  readonly keepsEmpty: boolean;
  readonly nullable: boolean;
  /** Printed even if never set. */
  readonly always: boolean;
  readonly pointer: boolean;
  /** An empty list or map is a value and not nothing. */
  readonly distinctEmpty: boolean;
}

interface Plan {
  readonly slots: ReadonlyMap<string, Slot>;
  readonly ordered: readonly Slot[];
  /** How many slots are `always` there. */
  readonly always: number;
  readonly keepsUnknown: boolean;
}

const plans = new WeakMap<ObjectSchema, Plan>();

function planOf(schema: ObjectSchema): Plan {
  let plan = plans.get(schema);
  if (!plan) {
    const ordered = [...schema.fields.values()].map(slotOf);
    plan = {
      slots: new Map(ordered.map((slot) => [slot.name, slot])),
      ordered,
      always: ordered.filter((slot) => slot.always).length,
      keepsUnknown: schema.preserveUnknownFields === true,
    };
    plans.set(schema, plan);
  }
  return plan;
}

function slotOf(field: Field, index: number): Slot {
  return {
    index,
    name: field.name,
    schema: field.schema,
    isString: field.schema.type === 'scalar' && field.schema.format === 'string',
    keepsEmpty: field.pointer || !field.omitempty,
    nullable: field.nullable === true,
    always: !field.omitempty,
    pointer: field.pointer,
    distinctEmpty: field.pointer || field.keepsEmpty === true,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * As long as the fields come in order, what is read is complete: a copy, or of an owned value that value itself. From the
 * first field on that is out of order, missing or changed, `results` by slot say what there is.
 */
function decodeStruct(plan: Plan, value: unknown, run: Run): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    run.suspect = true;
    return value;
  }
  const input = value as Fields;
  let last = -1;
  let always = 0;
  const copy: Record<string, unknown> | undefined = run.owned ? undefined : {};
  let results: unknown[] | undefined;
  let emptied: string[] | undefined;
  for (const key in input) {
    const slot = plan.slots.get(key);
    if (slot === undefined) {
      run.suspect ||= !plan.keepsUnknown;
      if (!copy) results ??= resultsBefore(plan, input, key);
      continue;
    }
    const item = input[key];
    const result = decodeSlot(slot, item, run);
    if (result === undefined || result === null) {
      if (isEmptyCollection(item)) (emptied ??= []).push(key);
      else if (run.emptied) (emptied ??= []).push(...run.emptied.map((field) => `${key}.${field}`));
    }
    run.emptied = undefined;
    if (results === undefined) {
      if (result !== undefined && slot.index > last && (copy || result === item)) {
        if (copy) copy[key] = result;
        last = slot.index;
        if (slot.always) always++;
        continue;
      }
      if (copy && result === undefined) continue;
      results = resultsBefore(plan, copy ?? input, key);
    }
    results[slot.index] = result;
  }
  const isComplete = results === undefined && always === plan.always;
  if (isComplete && !copy) return value;
  const object = isComplete ? copy! : build(plan, results ?? resultsBefore(plan, copy ?? input, undefined));
  if (emptied) markSentEmpty(object, emptied);
  return plan.keepsUnknown ? withUnknown(plan, object, input) : object;
}

/** Of a list or map; empty text and zero are no collections. */
function isEmptyCollection(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.keys(item).length === 0;
}

/** The results of all fields of `known` before `end`: those that needed no change, or that have been copied. */
function resultsBefore(plan: Plan, known: Fields, end: string | undefined): unknown[] {
  const results: unknown[] = [];
  for (const key in known) {
    if (key === end) break;
    const slot = plan.slots.get(key);
    if (slot) results[slot.index] = known[key];
  }
  return results;
}

function build(plan: Plan, results: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const slot of plan.ordered) {
    const result = results[slot.index];
    if (result !== undefined) object[slot.name] = result;
    else if (slot.always) object[slot.name] = slot.pointer ? null : zeroOf(slot.schema);
  }
  return object;
}

/** Objects with unknown fields are sorted by name as a whole. */
function withUnknown(plan: Plan, object: Record<string, unknown>, input: Fields): Record<string, unknown> {
  const all = new Map(Object.entries(object));
  for (const key in input) if (!plan.slots.has(key)) all.set(key, deepCopy(input[key]));
  return fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `undefined`: the field is left out. */
function decodeSlot(slot: Slot, item: unknown, run: Run): unknown {
  if (item === null) return slot.nullable ? null : slot.always && isNullPrinted(slot) ? null : undefined;
  if (item === undefined) return undefined;
  if (slot.isString) {
    if (typeof item !== 'string') run.suspect = true;
    return item === '' && !slot.keepsEmpty ? undefined : item;
  }
  const { schema } = slot;
  switch (schema.type) {
    case 'scalar': {
      if (schema.either) return decodeEither(schema.either, item, run) ?? undefined;
      const result = scalarOf(schema.format, item, run);
      return isEmptyScalar(result) && !slot.keepsEmpty ? undefined : result;
    }
    case 'object': {
      const result = decodeStruct(planOf(schema), item, run);
      if (slot.keepsEmpty || !deepEqual(result, zeroOf(schema))) return result;
      run.emptied = fieldsSentEmpty(result as object);
      return undefined;
    }
    case 'list': {
      const result = decodeList(schema, item, run);
      return result.length > 0 || slot.distinctEmpty ? result : slot.always ? null : undefined;
    }
    case 'map': {
      const result = decodeMap(schema, item, run);
      return hasMembers(result) || slot.distinctEmpty ? result : slot.always ? null : undefined;
    }
  }
}

/** A struct or something simpler. It has a decoder of its own, which says nothing of unknown fields. */
function decodeEither({ schema, or }: NonNullable<ScalarSchema['either']>, item: unknown, run: Run): unknown {
  if (Array.isArray(item)) {
    if (or === 'boolean') run.suspect = true;
    else if (item.length === 0) return null;
    if (or !== 'list') return item;
    if (item.some((one) => typeof one !== 'object')) run.suspect = true;
    return item.map((one) => decodeEither({ schema, or: 'boolean' }, one, run));
  }
  if (typeof item !== 'object' || item === null) {
    // What is neither a schema nor a list counts as nothing.
    if (or !== 'boolean') return null;
    if (typeof item !== 'boolean') run.suspect = true;
    return item;
  }
  const inner: Run = { ...run, suspect: false };
  const result = decodeStruct(planOf(schema), item, inner);
  if (inner.suspect && explainDecoding(schema, item).error !== undefined) run.suspect = true;
  return result;
}

function isNullPrinted(slot: Slot): boolean {
  if (slot.pointer) return true;
  return slot.schema.type === 'scalar' ? zeroScalar(slot.schema.format) === null : slot.schema.type !== 'object';
}

function decodeList(schema: ListSchema, value: unknown, run: Run): readonly unknown[] {
  if (!Array.isArray(value)) {
    run.suspect = true;
    return [];
  }
  const input = value as readonly unknown[];
  if (schema.items.type === 'scalar' && schema.items.format.startsWith('int')) run.integerLists = true;
  let results: unknown[] | undefined = run.owned ? undefined : [];
  for (let index = 0; index < input.length; index++) {
    const result = decodeElement(schema.items, input[index], run);
    if (results === undefined) {
      if (result === input[index]) continue;
      results = input.slice(0, index);
    }
    results.push(result);
  }
  return results ?? input;
}

function decodeMap(schema: MapSchema, value: unknown, run: Run): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    run.suspect = true;
    return {};
  }
  const input = value as Fields;
  if (isCleanMap(schema, input)) return run.owned ? input : { ...input };
  const entries: [string, unknown][] = [];
  let clean = run.owned;
  for (const key in input) {
    const result = decodeElement(schema.values, input[key], run);
    if (result !== input[key] || (entries.length > 0 && key < entries.at(-1)![0])) clean = false;
    entries.push([key, result]);
  }
  return clean ? input : fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether it is a map of strings as it should be. */
function isCleanMap(schema: MapSchema, input: Fields): boolean {
  if (schema.values.type !== 'scalar' || schema.values.format !== 'string') return false;
  let last = '';
  for (const key in input) {
    if (typeof input[key] !== 'string' || key < last) return false;
    last = key;
  }
  return true;
}

/** An element of a list or map. Null counts as the zero value. */
function decodeElement(schema: Schema, item: unknown, run: Run): unknown {
  if (item === null || item === undefined) return zeroElement(schema);
  switch (schema.type) {
    case 'scalar':
      return scalarOf(schema.format, item, run) ?? null;
    case 'object':
      return decodeStruct(planOf(schema), item, run);
    case 'list':
      return decodeList(schema, item, run);
    case 'map':
      return decodeMap(schema, item, run);
  }
}

function zeroElement(schema: Schema): unknown {
  return schema.type === 'scalar' && schema.format === 'bytes' ? '' : zeroOf(schema);
}

function scalarOf(format: Parameters<typeof decodeScalar>[0], item: unknown, run: Run): unknown {
  if (format === 'json' || format === 'jsonObject') return run.owned ? item : deepCopy(item);
  try {
    return decodeScalar(format, item);
  } catch {
    run.suspect = true;
    return item;
  }
}

/** A new zero value; nothing of it is shared. */
function zeroOf(schema: Schema): unknown {
  if (schema.type === 'scalar') return zeroScalar(schema.format);
  return schema.type === 'object' ? build(planOf(schema), []) : null;
}

function hasMembers(value: Fields): boolean {
  for (const _key in value) return true;
  return false;
}

function fromEntries(entries: readonly [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries);
}

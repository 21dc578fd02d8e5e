import { keyIdentity } from '../evaluate/collections.ts';
import { equalJson, equalValues } from '../evaluate/equality.ts';
import { fromPlainJson } from '../evaluate/json-value.ts';
import { parseTimestamp } from '../evaluate/time-text.ts';
import {
  CelDuration,
  CelError,
  CelTimestamp,
  CelUnknown,
  NO_SUCH_OVERLOAD,
  isMap,
  type CelList,
  type CelMap,
  type CelValue,
} from '../evaluate/value.ts';
import type { CelType, ListType, MapType, ObjectType } from '../types/cel-type.ts';
import { parseFormattedDateTime, parseFormattedDuration } from './formatted-time.ts';

/**
 * JSON as values of a type from a schema: objects and lists are wrapped as they are read.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/valuesunstructured.go (v1.36)
 */
export function fromJson(json: unknown, type?: CelType): CelValue {
  if (!type) return fromPlainJson(json);
  if (json === null || json === undefined) {
    if (type.nullable || type.kind === 'dyn' || type.kind === 'null') return null;
    return new CelError('invalid data, got null for schema with nullable=false');
  }
  switch (type.kind) {
    case 'object':
      return isPlainObject(json)
        ? new SchemaObject(json, type)
        : invalid('a map for the provided schema with type=object');
    case 'map':
      return isPlainObject(json)
        ? new SchemaMap(json, type)
        : invalid('a map for the provided schema with type=object');
    case 'list':
      return Array.isArray(json)
        ? new SchemaList(json, type)
        : invalid('an array for the provided schema with type=array');
    case 'string':
      return typeof json === 'string' ? json : invalid('string');
    case 'double':
      return typeof json === 'number' || typeof json === 'bigint' ? Number(json) : invalid('float');
    case 'int':
      return integer(json) ?? invalid('int');
    case 'bool':
      return typeof json === 'boolean' ? json : invalid('bool');
    case 'bytes':
    case 'duration':
    case 'timestamp':
      return typeof json === 'string' ? formatted(json, type) : invalid('string');
    case 'any':
    case 'dyn':
    case 'error':
    case 'null':
    case 'opaque':
    case 'parameter':
    case 'type':
    case 'uint':
    case 'wrapper':
      return fromPlainJson(json);
  }
}

function invalid(wanted: string): CelError {
  return new CelError(`invalid data, expected ${wanted}`);
}

function integer(json: unknown): bigint | undefined {
  if (typeof json === 'bigint') return json;
  return typeof json === 'number' && Number.isInteger(json) ? BigInt(json) : undefined;
}

function formatted(text: string, type: CelType): CelValue {
  switch (type.kind) {
    case 'bytes': {
      const compact = text.replace(/[\r\n]/g, '');
      if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) {
        return new CelError(`Invalid byte formatted string ${text}: illegal base64 data`);
      }
      return new Uint8Array(Buffer.from(compact, 'base64'));
    }
    case 'duration': {
      const nanoseconds = parseFormattedDuration(text);
      if (nanoseconds !== undefined) return new CelDuration(nanoseconds);
      return new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
    }
    case 'any':
    case 'bool':
    case 'double':
    case 'dyn':
    case 'error':
    case 'int':
    case 'list':
    case 'map':
    case 'null':
    case 'object':
    case 'opaque':
    case 'parameter':
    case 'string':
    case 'timestamp':
    case 'type':
    case 'uint':
    case 'wrapper': {
      const isDate = type.format === 'date';
      const parsed = isDate ? parseTimestamp(`${text}T00:00:00Z`) : parseFormattedDateTime(text);
      return parsed ?? new CelError(`Invalid ${isDate ? 'date' : 'date-time'} formatted string ${text}`);
    }
  }
}

/** An object with properties: `null` is absent, and names are as expressions write them. */
class SchemaObject implements CelMap {
  readonly kind = 'map';
  readonly json: Readonly<Record<string, unknown>>;
  readonly #type: ObjectType;

  constructor(json: Readonly<Record<string, unknown>>, type: ObjectType) {
    this.json = json;
    this.#type = type;
  }

  get size(): number {
    return countKeys(this.json);
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return NO_SUCH_OVERLOAD;
    const field = this.#type.fields.get(key);
    if (!field) return undefined;
    const name = field.jsonName ?? key;
    const json = Object.hasOwn(this.json, name) ? this.json[name] : undefined;
    return json === undefined || json === null ? undefined : fromJson(json, field.type);
  }

  *keys(): Iterable<CelValue> {
    for (const [name, field] of this.#type.fields) {
      const json = this.json[field.jsonName ?? name];
      if (json !== undefined && Object.hasOwn(this.json, field.jsonName ?? name)) yield name;
    }
  }

  equalTo(other: CelMap): boolean | CelError {
    if (this.size !== other.size) return false;
    const declared = new Set<string>();
    for (const [name, field] of this.#type.fields) {
      declared.add(field.jsonName ?? name);
      const [mine, theirs] = [this.get(name), other.get(name)];
      if (mine === undefined && theirs === undefined) continue;
      if (mine === undefined || theirs === undefined) return false;
      const equal = equalValues(mine, theirs);
      if (equal !== true) return equal;
    }
    if (!(other instanceof SchemaObject)) return true;
    // Fields that the schema does not name are compared as JSON, where both have them.
    return Object.keys(this.json).every(
      (name) => declared.has(name) || !Object.hasOwn(other.json, name) || equalJson(this.json[name], other.json[name]),
    );
  }
}

class SchemaMap implements CelMap {
  readonly kind = 'map';
  readonly json: Readonly<Record<string, unknown>>;
  readonly #type: MapType;

  constructor(json: Readonly<Record<string, unknown>>, type: MapType) {
    this.json = json;
    this.#type = type;
  }

  get size(): number {
    return countKeys(this.json);
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return NO_SUCH_OVERLOAD;
    const json = Object.hasOwn(this.json, key) ? this.json[key] : undefined;
    return json === undefined ? undefined : fromJson(json, this.#type.value);
  }

  *keys(): Iterable<CelValue> {
    for (const key of Object.keys(this.json)) if (this.json[key] !== undefined) yield key;
  }

  equalTo(other: CelMap): boolean | CelError {
    if (this.size !== other.size) return false;
    for (const key of this.keys()) {
      const theirs = other.get(key);
      if (theirs === undefined) return false;
      const equal = equalValues(this.get(key)!, theirs);
      if (equal !== true) return equal;
    }
    return true;
  }
}

/** `x-kubernetes-list-type` decides what equality and concatenation mean. */
class SchemaList implements CelList {
  readonly kind = 'list';
  readonly #items: readonly unknown[];
  readonly #type: ListType;
  /** Concatenated values, after the JSON ones or, by index, instead of them. */
  readonly #added: ReadonlyMap<number, CelValue>;
  readonly size: number;

  constructor(
    items: readonly unknown[],
    type: ListType,
    added: ReadonlyMap<number, CelValue> = new Map(),
    size = items.length,
  ) {
    this.#items = items;
    this.#type = type;
    this.#added = added;
    this.size = size;
  }

  at(index: number): CelValue | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) return undefined;
    return this.#added.get(index) ?? fromJson(this.#items[index], this.#type.element);
  }

  equalTo(other: CelList): boolean | CelError {
    if (this.size !== other.size) return false;
    if (this.#type.listType === 'set') {
      const mine = new Set(values(this).map(identity));
      return values(other).every((value) => mine.has(identity(value)));
    }
    const mine = this.#type.listType === 'map' ? this.#byKey() : undefined;
    for (let index = 0; index < this.size; index++) {
      const theirs = other.at(index)!;
      const counterpart = mine ? mine.get(this.#keyOf(theirs)) : index;
      if (counterpart === undefined) return false;
      const equal = equalValues(this.at(counterpart)!, theirs);
      if (equal !== true) return equal;
    }
    return true;
  }

  concat(other: CelList): CelList {
    const added = new Map(this.#added);
    let { size } = this;
    const append = (value: CelValue) => added.set(size++, value);
    switch (this.#type.listType) {
      case 'set': {
        const mine = new Set(values(this).map(identity));
        for (const value of values(other)) {
          if (mine.has(identity(value))) continue;
          mine.add(identity(value));
          append(value);
        }
        break;
      }
      case 'map': {
        const mine = this.#byKey();
        for (const value of values(other)) {
          const position = mine.get(this.#keyOf(value));
          if (position === undefined) append(value);
          else added.set(position, value);
        }
        break;
      }
      case undefined:
      case 'atomic':
        for (const value of values(other)) append(value);
    }
    return new SchemaList(this.#items, this.#type, added, size);
  }

  #byKey(): Map<string, number> {
    return new Map(values(this).map((value, index) => [this.#keyOf(value), index]));
  }

  #keyOf(value: CelValue): string {
    const keys = this.#type.listMapKeys ?? [];
    return JSON.stringify(keys.map((key) => (isMap(value) ? keyText(value.get(key)) : null)));
  }
}

function keyText(value: CelValue | undefined): unknown {
  const key = value === undefined ? null : keyIdentity(value);
  return typeof key === 'bigint' ? { int: String(key) } : key;
}

function identity(value: CelValue): unknown {
  if (value instanceof CelTimestamp || value instanceof CelDuration) return `${value.kind}:${value.nanoseconds}`;
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('base64')}`;
  return value instanceof CelUnknown ? value.json : keyIdentity(value);
}

function values(list: CelList): CelValue[] {
  return Array.from({ length: list.size }, (_, index) => list.at(index)!);
}

function isPlainObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function countKeys(json: Readonly<Record<string, unknown>>): number {
  let count = 0;
  for (const key of Object.keys(json)) if (json[key] !== undefined) count++;
  return count;
}

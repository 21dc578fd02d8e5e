/**
 * A changed value beside the one it was before, as far down as a schema says which parts are the same. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/{equality,maplist}.go (v1.36)
 */
import { deepEqual } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

type Fields = Readonly<Record<string, unknown>>;

export class Correlation {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: JSONSchemaProps;
  readonly #children = new Map<string | number, Correlation | undefined>();
  #equal: boolean | undefined;
  #oldItems: ReadonlyMap<string, unknown> | undefined;

  constructor(value: unknown, old: unknown, schema: JSONSchemaProps) {
    this.value = value;
    this.old = old;
    this.schema = schema;
  }

  /** The member of both; undefined if one of them lacks it, or the schema does not know it. */
  key(name: string): Correlation | undefined {
    return this.#children.getOrInsertComputed(name, () => this.#findKey(name));
  }

  /** The item of a list of type `map` that has the keys of the item at `index`; other lists have no identities. */
  index(index: number): Correlation | undefined {
    return this.#children.getOrInsertComputed(index, () => this.#findIndex(index));
  }

  /** Whether nothing has changed. What the schema does not know cannot be told to be the same. */
  isUnchanged(): boolean {
    return (this.#equal ??= this.#compare());
  }

  #findKey(name: string): Correlation | undefined {
    if (!isObject(this.value) || !isObject(this.old)) return undefined;
    if (!Object.hasOwn(this.value, name) || !Object.hasOwn(this.old, name)) return undefined;
    const schema = memberSchema(this.schema, name);
    return schema && new Correlation(this.value[name], this.old[name], schema);
  }

  #findIndex(index: number): Correlation | undefined {
    const items = itemSchema(this.schema);
    if (!items || !Array.isArray(this.value) || index >= this.value.length || !Array.isArray(this.old))
      return undefined;
    if (this.schema['x-kubernetes-list-type'] !== 'map') return undefined;
    const keys = this.schema['x-kubernetes-list-map-keys'] ?? [];
    this.#oldItems ??= itemsByKey(keys, this.old);
    const key = keyOf(keys, this.value[index]);
    const old = key === undefined ? undefined : this.#oldItems.get(key);
    return old === undefined ? undefined : new Correlation(this.value[index], old, items);
  }

  #compare(): boolean {
    const { value, old } = this;
    if (Array.isArray(value) && Array.isArray(old)) return this.#compareLists(value, old);
    if (!isObject(value) || !isObject(old)) return deepEqual(value, old);
    const names = Object.keys(value);
    if (names.length !== Object.keys(old).length) return false;
    return names.every((name) => this.key(name)?.isUnchanged() === true);
  }

  #compareLists(value: readonly unknown[], old: readonly unknown[]): boolean {
    if (value.length !== old.length) return false;
    if (this.schema['x-kubernetes-list-type'] !== 'map') return deepEqual(value, old);
    return value.every((_, index) => this.index(index)?.isUnchanged() === true);
  }
}

/** The schema of a member: its own, or that of all others. */
export function memberSchema(schema: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  const { properties, additionalProperties } = schema;
  if (properties && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

export function itemSchema({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return items && !Array.isArray(items) ? (items as JSONSchemaProps) : undefined;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of items with the same keys the first one counts. */
function itemsByKey(keys: readonly string[], items: readonly unknown[]): ReadonlyMap<string, unknown> {
  const byKey = new Map<string, unknown>();
  for (const item of items) {
    const key = keyOf(keys, item);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, item);
  }
  return byKey;
}

/** Keys have to be there, and scalars. */
function keyOf(keys: readonly string[], item: unknown): string | undefined {
  if (keys.length === 0 || !isObject(item)) return undefined;
  const values: unknown[] = [];
  for (const key of keys) {
    const value = item[key];
    if (!['boolean', 'number', 'string'].includes(typeof value)) return undefined;
    values.push(value);
  }
  return JSON.stringify(values);
}

import { CelError, type CelList, type CelMap, type CelValue } from './value.ts';

/** JSON without a schema: whole numbers are ints. Objects and lists are wrapped, not copied. */
export function fromPlainJson(json: unknown): CelValue {
  if (typeof json === 'string' || typeof json === 'boolean' || typeof json === 'bigint' || json === null) return json;
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (typeof json !== 'object') return new CelError(`unsupported conversion to ref.Val: ${typeof json}`);
  return Array.isArray(json) ? new JsonList(json) : new JsonMap(json as Readonly<Record<string, unknown>>);
}

class JsonList implements CelList {
  readonly kind = 'list';
  readonly json: readonly unknown[];

  constructor(json: readonly unknown[]) {
    this.json = json;
  }

  get size(): number {
    return this.json.length;
  }

  at(index: number): CelValue | undefined {
    const item = this.json[index];
    return item === undefined ? undefined : fromPlainJson(item);
  }
}

class JsonMap implements CelMap {
  readonly kind = 'map';
  readonly json: Readonly<Record<string, unknown>>;

  constructor(json: Readonly<Record<string, unknown>>) {
    this.json = json;
  }

  get size(): number {
    let size = 0;
    for (const _ of this.keys()) size++;
    return size;
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.json, key)) return undefined;
    const value = this.json[key];
    return value === undefined ? undefined : fromPlainJson(value);
  }

  *keys(): Iterable<CelValue> {
    for (const key of Object.keys(this.json)) if (this.json[key] !== undefined) yield key;
  }
}

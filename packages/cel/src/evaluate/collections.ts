import { CelError, CelUint, type CelList, type CelMap, type CelValue } from './value.ts';
import { formatPlain } from './format-value.ts';

/** Lists and maps that expressions make. */
export class ValueList implements CelList {
  readonly kind = 'list';
  readonly values: readonly CelValue[];

  constructor(values: readonly CelValue[]) {
    this.values = values;
  }

  get size(): number {
    return this.values.length;
  }

  at(index: number): CelValue | undefined {
    return this.values[index];
  }
}

export const EMPTY_LIST = new ValueList([]);

/** One list after another, without copying either. */
export class ConcatenatedList implements CelList {
  readonly kind = 'list';
  readonly size: number;
  readonly #first: CelList;
  readonly #second: CelList;

  constructor(first: CelList, second: CelList) {
    this.#first = first;
    this.#second = second;
    this.size = first.size + second.size;
  }

  at(index: number): CelValue | undefined {
    const { size } = this.#first;
    return index < size ? this.#first.at(index) : this.#second.at(index - size);
  }
}

/** The accumulator of one fold while it runs; nothing else sees it. */
export class GrowingList implements CelList {
  readonly kind = 'list';
  readonly #values: CelValue[] = [];

  get size(): number {
    return this.#values.length;
  }

  at(index: number): CelValue | undefined {
    return this.#values[index];
  }

  append(list: CelList): this {
    for (let index = 0; index < list.size; index++) this.#values.push(list.at(index)!);
    return this;
  }

  finished(): CelList {
    return new ValueList(this.#values);
  }
}

interface Entry {
  readonly key: CelValue;
  readonly value: CelValue;
}

/** Keys 1, 1u and 1.0 are the same key. */
export class ValueMap implements CelMap {
  readonly kind = 'map';
  readonly #entries: ReadonlyMap<unknown, Entry>;

  constructor(entries: ReadonlyMap<unknown, Entry>) {
    this.#entries = entries;
  }

  static of(entries: Iterable<readonly [CelValue, CelValue]>): ValueMap {
    const byKey = new Map<unknown, Entry>();
    for (const [key, value] of entries) byKey.set(keyIdentity(key), { key, value });
    return new ValueMap(byKey);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(keyIdentity(key))?.value;
  }

  *keys(): Iterable<CelValue> {
    for (const { key } of this.#entries.values()) yield key;
  }
}

/** The accumulator of one fold while it runs; nothing else sees it. */
export class GrowingMap implements CelMap {
  readonly kind = 'map';
  readonly #entries: Map<unknown, Entry> = new Map();

  get size(): number {
    return this.#entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(keyIdentity(key))?.value;
  }

  *keys(): Iterable<CelValue> {
    for (const { key } of this.#entries.values()) yield key;
  }

  insert(key: CelValue, value: CelValue): GrowingMap | CelError {
    const identity = keyIdentity(key);
    if (this.#entries.has(identity)) return new CelError(`insert failed: key ${formatPlain(key)} already exists`);
    this.#entries.set(identity, { key, value });
    return this;
  }

  finished(): CelMap {
    return new ValueMap(this.#entries);
  }
}

/** What a JavaScript Map can tell keys apart by. */
export function keyIdentity(key: CelValue): unknown {
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return key instanceof CelUint ? key.value : key;
}

export function* iterate(list: CelList): Generator<CelValue> {
  for (let index = 0; index < list.size; index++) yield list.at(index)!;
}

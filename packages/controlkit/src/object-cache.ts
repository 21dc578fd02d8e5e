import { keyText, type KubeObject, type ObjectKey } from '@kts/apimachinery';

export type IndexKeys<T> = (object: T) => readonly string[];

interface Index<T> {
  readonly keysOf: IndexKeys<T>;
  readonly buckets: Map<string, Map<string, T>>;
}

/** How one object of a cache changed. A replaced object (other uid, same name) is a `delete` and an `add`. */
export type Change<T> =
  | { readonly type: 'add'; readonly object: T }
  | { readonly type: 'update'; readonly old: T; readonly object: T }
  | { readonly type: 'delete'; readonly object: T };

const BY_NAMESPACE = 'namespace';

/** The objects of one resource by key, with indexes. Every change says what it changed. */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace ?? '']);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey | string): T | undefined {
    return this.#objects.get(typeof key === 'string' ? key : keyText(key));
  }

  list(namespace?: string): readonly T[] {
    return namespace ? this.byIndex(BY_NAMESPACE, namespace) : [...this.#objects.values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (!found) throw new TypeError(`there is no index ${index}`);
    const bucket = found.buckets.get(value);
    return bucket ? [...bucket.values()] : [];
  }

  /** Adding an index again that is already there does nothing: several users may ask for the same one. */
  addIndex(name: string, keysOf: IndexKeys<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { keysOf, buckets: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index, key, object);
  }

  put(object: T): readonly Change<T>[] {
    const key = keyText(object.metadata);
    const old = this.#objects.get(key);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return [];
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) replace(index, key, old, object);
    if (!old) return [{ type: 'add', object }];
    if (old.metadata.uid === object.metadata.uid) return [{ type: 'update', old, object }];
    return [
      { type: 'delete', object: old },
      { type: 'add', object },
    ];
  }

  /** `last` is the object's final state, where it is known. */
  delete(key: string, last?: T): readonly Change<T>[] {
    const old = this.#objects.get(key);
    if (!old) return [];
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) remove(index, key, old);
    return [{ type: 'delete', object: last ?? old }];
  }

  /** Makes the cache hold exactly `objects`; changes are given out one by one, each after it was made. */
  *replace(objects: readonly T[]): Generator<Change<T>> {
    const keys = new Set<string>();
    for (const object of objects) {
      keys.add(keyText(object.metadata));
      yield* this.put(object);
    }
    for (const key of this.#objects.keys()) if (!keys.has(key)) yield* this.delete(key);
  }
}

/** Most changes of an object leave it where it was. */
function replace<T>(index: Index<T>, key: string, old: T | undefined, object: T): void {
  if (old !== undefined) {
    const before = index.keysOf(old);
    const after = index.keysOf(object);
    if (before.length === 1 && after.length === 1 && before[0] === after[0]) {
      index.buckets.get(after[0]!)?.set(key, object);
      return;
    }
    remove(index, key, old);
  }
  insert(index, key, object);
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.keysOf(object))
    index.buckets.getOrInsertComputed(value, () => new Map<string, T>()).set(key, object);
}

function remove<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.keysOf(object)) {
    const bucket = index.buckets.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) index.buckets.delete(value);
  }
}

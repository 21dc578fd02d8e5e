/** How many keys a chunk may hold before it is split. Small enough that inserting in the middle stays cheap. */
const CHUNK_KEYS_MAX = 256;

interface Chunk<V> {
  readonly keys: string[];
  readonly values: V[];
  /** A snapshot shows this chunk: it must be copied before it is changed. */
  shared: boolean;
}

/** What was in a SortedMap when the snapshot was taken. Costs one reference per chunk, and the chunks changed since. */
export interface Snapshot<V> {
  /** Values of keys in [from, to), in order. */
  range(from: string, to: string): V[];
}

/**
 * Keys in order, with cheap snapshots: sorted chunks that are copied when they change while a snapshot shows them.
 * Strings compare by UTF-16 unit, which for the ASCII of store keys is the order of their bytes.
 */
export class SortedMap<V> {
  #chunks: Chunk<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const chunk = this.#chunks[chunkFor(this.#chunks, key)];
    if (!chunk) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  /** Answers the value that was there before. */
  set(key: string, value: V): V | undefined {
    if (this.#chunks.length === 0) this.#chunks.push({ keys: [], values: [], shared: false });
    const index = chunkFor(this.#chunks, key);
    const chunk = this.#own(index);
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      const previous = chunk.values[at];
      chunk.values[at] = value;
      return previous;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    this.#size++;
    if (chunk.keys.length > CHUNK_KEYS_MAX) this.#split(index, at === chunk.keys.length - 1);
    return undefined;
  }

  delete(key: string): V | undefined {
    const index = chunkFor(this.#chunks, key);
    const found = this.#chunks[index];
    if (!found || found.keys[lowerBound(found.keys, key)] !== key) return undefined;
    const chunk = this.#own(index);
    const at = lowerBound(chunk.keys, key);
    const [previous] = chunk.values.splice(at, 1);
    chunk.keys.splice(at, 1);
    if (chunk.keys.length === 0) this.#chunks.splice(index, 1);
    this.#size--;
    return previous;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  /** Values of keys in [from, to), in order. */
  range(from: string, to: string): V[] {
    return rangeOf(this.#chunks, from, to);
  }

  snapshot(): Snapshot<V> {
    for (const chunk of this.#chunks) chunk.shared = true;
    const chunks = [...this.#chunks];
    return { range: (from, to) => rangeOf(chunks, from, to) };
  }

  #own(index: number): Chunk<V> {
    const chunk = this.#chunks[index]!;
    if (!chunk.shared) return chunk;
    return (this.#chunks[index] = { keys: [...chunk.keys], values: [...chunk.values], shared: false });
  }

  /** Keys that arrive in order leave full chunks behind instead of half-full ones. */
  #split(index: number, appended: boolean): void {
    const chunk = this.#chunks[index]!;
    const at = appended ? chunk.keys.length - 1 : chunk.keys.length >> 1;
    const tail = { keys: chunk.keys.splice(at), values: chunk.values.splice(at), shared: false };
    this.#chunks.splice(index + 1, 0, tail);
  }
}

/** The last chunk whose first key is not after `key`; the first chunk if there is none. */
function chunkFor<V>(chunks: readonly Chunk<V>[], key: string): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunks[middle]!.keys[0]! <= key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The position of the first key that is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rangeOf<V>(chunks: readonly Chunk<V>[], from: string, to: string): V[] {
  const found: V[] = [];
  for (let index = chunkFor(chunks, from); index < chunks.length; index++) {
    const { keys, values } = chunks[index]!;
    if (keys[0]! >= to) break;
    const start = lowerBound(keys, from);
    const end = lowerBound(keys, to);
    for (let at = start; at < end; at++) found.push(values[at]!);
  }
  return found;
}

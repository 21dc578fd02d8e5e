/** A chunk that grows beyond this is split in two; one that shrinks below a quarter joins its neighbour. */
const CHUNK_KEYS_MAX = 512;

/**
 * An ordered set of strings: a sorted list of sorted chunks. Adding and deleting move at most one chunk of pointers,
 * and counting a range adds up one length per chunk. Order is that of JavaScript strings (for ASCII: of bytes).
 */
export class SortedKeys {
  /** Never an empty chunk, except as the only one. */
  readonly #chunks: string[][] = [[]];

  /** Adds a key that is not in the set. */
  add(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at]!;
    if (chunk.length === 0 || chunk.at(-1)! < key) chunk.push(key);
    else chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > CHUNK_KEYS_MAX) this.#split(at);
  }

  /** Deletes a key that is in the set. */
  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at]!;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length < CHUNK_KEYS_MAX / 4 && this.#chunks.length > 1) this.#join(Math.max(0, at - 1));
  }

  /** How many keys are in [start, end); without `end`, all from `start` on. */
  count(start: string, end?: string): number {
    return Math.max(0, this.#rank(end) - this.#rank(start));
  }

  /** The first `limit` keys of [start, end), in order. */
  range(start: string, end: string | undefined, limit: number): string[] {
    const found: string[] = [];
    let at = this.#chunkOf(start);
    let from = lowerBound(this.#chunks[at]!, start);
    for (; at < this.#chunks.length && found.length < limit; at++, from = 0) {
      const chunk = this.#chunks[at]!;
      const isLast = end !== undefined && chunk.length > 0 && chunk.at(-1)! >= end;
      const to = isLast ? lowerBound(chunk, end) : chunk.length;
      for (let i = from; i < to && found.length < limit; i++) found.push(chunk[i]!);
      if (isLast) break;
    }
    return found;
  }

  /** How many keys sort before `key`; without it, how many there are. */
  #rank(key?: string): number {
    const at = key === undefined ? this.#chunks.length : this.#chunkOf(key);
    let rank = 0;
    for (let i = 0; i < at; i++) rank += this.#chunks[i]!.length;
    return key === undefined ? rank : rank + lowerBound(this.#chunks[at]!, key);
  }

  /** The chunk that holds `key` or should: the last one that starts at or before it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]![0]! <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Keys that arrive in order leave full chunks behind, instead of half-empty ones. */
  #split(at: number): void {
    const chunk = this.#chunks[at]!;
    const isLast = at === this.#chunks.length - 1;
    this.#chunks.splice(at + 1, 0, chunk.splice(isLast ? CHUNK_KEYS_MAX : CHUNK_KEYS_MAX / 2));
  }

  #join(at: number): void {
    const chunk = this.#chunks[at]!;
    const [next] = this.#chunks.splice(at + 1, 1);
    chunk.push(...next!);
    if (chunk.length > CHUNK_KEYS_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }
}

/** The index of the first element that is not smaller than `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

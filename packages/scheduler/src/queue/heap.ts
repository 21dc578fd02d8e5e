/** A priority queue whose items can be found, replaced and removed by key. */
export class Heap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #less: (one: T, other: T) => boolean;
  readonly #items: T[] = [];
  readonly #positions = new Map<string, number>();

  /** @param less whether `one` comes out before `other`. */
  constructor(keyOf: (item: T) => string, less: (one: T, other: T) => boolean) {
    this.#keyOf = keyOf;
    this.#less = less;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key);
    return position === undefined ? undefined : this.#items[position];
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or puts it in place of the one with its key; also after its order has changed. */
  set(item: T): void {
    const key = this.#keyOf(item);
    const position = this.#positions.get(key) ?? this.#items.length;
    this.#put(item, position);
    this.#up(position);
    this.#down(this.#positions.get(key)!);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(this.#keyOf(first));
    return first;
  }

  delete(key: string): boolean {
    const position = this.#positions.get(key);
    if (position === undefined) return false;
    this.#positions.delete(key);
    const last = this.#items.pop()!;
    if (position < this.#items.length) {
      this.#put(last, position);
      this.#up(position);
      this.#down(this.#positions.get(this.#keyOf(last))!);
    }
    return true;
  }

  /** In no particular order. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }

  #put(item: T, position: number): void {
    this.#items[position] = item;
    this.#positions.set(this.#keyOf(item), position);
  }

  #up(start: number): void {
    for (let position = start; position > 0;) {
      const parent = (position - 1) >> 1;
      if (!this.#swapIfLess(position, parent)) return;
      position = parent;
    }
  }

  #down(start: number): void {
    for (let position = start; ;) {
      const left = 2 * position + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const child = right < this.#items.length && this.#less(this.#items[right]!, this.#items[left]!) ? right : left;
      if (!this.#swapIfLess(child, position)) return;
      position = child;
    }
  }

  /** Swaps if the lower item should come out before the upper one. */
  #swapIfLess(lower: number, upper: number): boolean {
    const [below, above] = [this.#items[lower]!, this.#items[upper]!];
    if (!this.#less(below, above)) return false;
    this.#put(below, upper);
    this.#put(above, lower);
    return true;
  }
}

/**
 * Which keys wait, and which are being worked on: the three-set rule. A key that is added while it is being worked on
 * is queued once more when that work is done, so no two workers ever hold the same key and no change is lost.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/workqueue/queue.go (v1.36)
 */
export class QueueState<K> {
  /** Keys to hand out, from `#head` on, in the order they were added. */
  #order: K[] = [];
  #head = 0;
  /** Keys that need work: those in `#order`, and those in `#processing` that were added again. */
  readonly #dirty = new Set<K>();
  readonly #processing = new Set<K>();

  /** How many keys wait to be handed out. */
  get length(): number {
    return this.#order.length - this.#head;
  }

  /** Handed out and not done yet. */
  get processing(): number {
    return this.#processing.size;
  }

  /** False if it waits already. */
  add(key: K): boolean {
    if (this.#dirty.has(key)) return false;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#order.push(key);
    return true;
  }

  /** The next key, which the caller must give back with `done`; undefined if none waits. */
  take(): { readonly key: K } | undefined {
    if (this.length === 0) return undefined;
    const key = this.#order[this.#head++]!;
    if (this.#head > 1024 && this.#head * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
    this.#dirty.delete(key);
    this.#processing.add(key);
    return { key };
  }

  done(key: K): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key)) this.#order.push(key);
  }
}

import type { Clock } from '@kts/base';

/** How many answers are kept; beyond that the oldest goes. */
const ENTRIES_MAX = 1024;

/** Answers of the API server that hold for a while. Failures are not kept. */
export class VerdictCache<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  async get(key: string, lifeMs: (value: T) => number, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known && this.#clock.monotonic() < known.until) return known.value;
    this.#entries.delete(key);
    const value = await ask();
    this.#entries.set(key, { value, until: this.#clock.monotonic() + lifeMs(value) });
    if (this.#entries.size > ENTRIES_MAX) this.#entries.delete(this.#entries.keys().next().value!);
    return value;
  }
}

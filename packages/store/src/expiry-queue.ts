import type { Clock, Timer } from '@kts/base';
import type { KeyValue, Revision } from './store.ts';

interface Expiry {
  readonly key: string;
  readonly revision: Revision;
  /** In the clock's monotonic milliseconds. */
  readonly deadline: number;
}

/**
 * Says when keys expire, in order of their deadlines. An entry is of one write: the receiver compares the revision, so
 * nothing has to be taken out when the key is put again or deleted.
 */
export class ExpiryQueue {
  readonly #clock: Clock;
  readonly #onExpired: (key: string, revision: Revision) => void;
  /** Sorted by deadline. Most keys live equally long, so most are added at the end. */
  readonly #entries: Expiry[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, onExpired: (key: string, revision: Revision) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  add({ key, revision }: Pick<KeyValue, 'key' | 'revision'>, ms: number): void {
    const entry: Expiry = { key, revision, deadline: this.#clock.monotonic() + ms };
    const at = this.#entries.findLastIndex(({ deadline }) => deadline <= entry.deadline) + 1;
    this.#entries.splice(at, 0, entry);
    if (at === 0) this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#entries.length = 0;
  }

  #schedule(): void {
    this.#timer?.cancel();
    const next = this.#entries[0];
    if (next) this.#timer = this.#clock.after(next.deadline - this.#clock.monotonic(), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.monotonic();
    const firstLater = this.#entries.findIndex(({ deadline }) => deadline > now);
    const due = this.#entries.splice(0, firstLater === -1 ? this.#entries.length : firstLater);
    this.#schedule();
    for (const { key, revision } of due) this.#onExpired(key, revision);
  }
}

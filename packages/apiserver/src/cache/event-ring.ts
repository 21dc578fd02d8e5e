import type { Revision } from '@kts/store';

import type { CacheEvent } from './cache-event.ts';

/** Events kept for watches that start in the past. Whichever limit is reached first drops the oldest. */
export const RING_EVENTS_MAX = 10_000;
export const RING_BYTES_MAX = 32 * 1024 * 1024;

export interface RingLimits {
  readonly events: number;
  readonly bytes: number;
}

/** The recent events of one resource, oldest first. */
export class EventRing {
  readonly #limits: RingLimits;
  #events: CacheEvent[] = [];
  #first = 0;
  #bytes = 0;
  #floor: Revision;

  /** `floor`: the revision of the state that the first event follows. */
  constructor(floor: Revision, limits: RingLimits = { events: RING_EVENTS_MAX, bytes: RING_BYTES_MAX }) {
    this.#floor = floor;
    this.#limits = limits;
  }

  /** Watches may start after this revision or any later one. */
  get floor(): Revision {
    return this.#floor;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += event.size;
    while (this.#events.length - this.#first > this.#limits.events || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** Events after `revision`, or undefined if some of them are gone. */
  after(revision: Revision): readonly CacheEvent[] | undefined {
    if (revision < this.#floor) return undefined;
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low);
  }

  #drop(): void {
    const oldest = this.#events[this.#first++]!;
    this.#floor = oldest.revision;
    this.#bytes -= oldest.size;
    if (this.#first > this.#limits.events) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }
}

import { sleepWith, type Clock, type Timer } from '../clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Turns of the event loop that `advance` waits after each timer, so that promise chains and in-memory I/O settle. */
const SETTLE_TURNS = 8;

/**
 * Virtual time for tests. `advance` fires timers in order of time (ties in order of creation) and lets everything that
 * a timer set in motion settle before the next one fires, so a test never sleeps.
 */
export class FakeClock implements Clock {
  readonly #origin: number;
  #elapsed = 0;
  #created = 0;
  readonly #pending = new Set<Pending>();

  /** @param start milliseconds since the epoch; the default is a fixed, recognisable day. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#origin = start;
  }

  now(): number {
    return this.#origin + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): Timer {
    const pending: Pending = { at: this.#elapsed + Math.max(0, ms), order: this.#created++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepWith(this, ms, signal);
  }

  /** How many timers are waiting: a test can assert that a stopped component left none behind. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Moves time forward by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.at);
      this.#pending.delete(next);
      next.callback();
      await settle();
    }
    this.#elapsed = end;
    await settle();
  }

  #next(end: number): Pending | undefined {
    let next: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.at > end) continue;
      if (!next || pending.at < next.at || (pending.at === next.at && pending.order < next.order)) next = pending;
    }
    return next;
  }
}

/** Waits until promise chains and in-memory streams that are already under way have run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

import type { Clock, Timer } from '@kts/base';

import { QueueState } from './queue-state.ts';
import { controllerRateLimiter, type RateLimiter } from './rate-limiter.ts';

/** Is told what happens to keys: for metrics. */
export interface QueueObserver {
  /** Not of a key that waits already. */
  added(key: unknown): void;
  taken(key: unknown): void;
  done(key: unknown): void;
  retried(): void;
}

export interface WorkQueueOptions<K> {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** Default: `controllerRateLimiter`. */
  readonly rateLimiter?: RateLimiter<K>;
  readonly observer?: QueueObserver | undefined;
}

/**
 * A queue of keys (strings, or other values that are equal by identity) for any number of workers:
 * `key = await get()`, work, `done(key)`. See QueueState for what it promises.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/workqueue (v1.36)
 */
export class WorkQueue<K> {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #rateLimiter: RateLimiter<K>;
  readonly #observer: QueueObserver | undefined;
  readonly #state = new QueueState<K>();
  readonly #delayed = new Map<K, { readonly at: number; readonly timer: Timer }>();
  readonly #waiting: ((key: K | undefined) => void)[] = [];
  #stopped = false;
  #handsOut = false;

  constructor(options: WorkQueueOptions<K>) {
    this.#clock = options.clock;
    this.#rateLimiter = options.rateLimiter ?? controllerRateLimiter(options.clock);
    this.#observer = options.observer;
  }

  /** Keys that wait for a worker; delayed ones do not count. */
  get length(): number {
    return this.#state.length;
  }

  /** Keys that nobody works on, that do not wait, and that no timer will add. */
  get idle(): boolean {
    return this.#state.length === 0 && this.#state.processing === 0 && this.#delayed.size === 0;
  }

  add(key: K): void {
    if (this.#stopped) return;
    if (this.#state.add(key)) this.#observer?.added(key);
    this.#handOutSoon();
  }

  /** Adds the key after a delay. Of several delays of one key the shortest counts. */
  addAfter(key: K, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) return this.add(key);
    const at = this.#clock.monotonic() + ms;
    const pending = this.#delayed.get(key);
    if (pending && pending.at <= at) return;
    pending?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  /** Adds the key after the back-off of one more failure. */
  addRateLimited(key: K): void {
    this.#observer?.retried();
    this.addAfter(key, this.#rateLimiter.next(key));
  }

  forget(key: K): void {
    this.#rateLimiter.forget(key);
  }

  failures(key: K): number {
    return this.#rateLimiter.failures(key);
  }

  /** Waits for a key; `undefined` once the queue is shut down and empty. Every key must be given back with `done`. */
  get(): Promise<K | undefined> {
    const taken = this.#take();
    if (taken) return Promise.resolve(taken.key);
    if (this.#stopped) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  done(key: K): void {
    this.#observer?.done(key);
    this.#state.done(key);
    this.#handOut();
  }

  /** Takes nothing more in and drops what is delayed; what waits is still handed out. */
  shutdown(): void {
    this.#stopped = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  /**
   * Workers that wait get their keys in the next turn of the event loop. Changes come in bursts, and many of them bring
   * the same key, as those of the pods of one owner: all that is there at once is worked on at once.
   */
  #handOutSoon(): void {
    if (this.#handsOut || this.#waiting.length === 0) return;
    this.#handsOut = true;
    setImmediate(() => {
      this.#handsOut = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const taken = this.#take();
      if (!taken) return;
      this.#waiting.shift()!(taken.key);
    }
  }

  #take(): { readonly key: K } | undefined {
    const taken = this.#state.take();
    if (taken) this.#observer?.taken(taken.key);
    return taken;
  }
}

import { backoffMs } from '@kts/base';

/**
 * Growing waits between tries, per key. A key that was quiet for twice the longest wait starts afresh.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go (v1.36)
 */
export class BackOff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, { readonly tries: number; readonly updatedAt: number }>();

  constructor(initialMs: number, maxMs: number) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
  }

  /** The wait that counts now, 0 if there is none. */
  waitMs(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? this.#delay(entry.tries) : 0;
  }

  /** Less time than the wait has passed since `eventAt`. */
  isWaiting(key: string, eventAt: number, now: number): boolean {
    const entry = this.#entries.get(key);
    if (!entry || this.#isExpired(entry.updatedAt, eventAt)) return false;
    return now - eventAt < this.#delay(entry.tries);
  }

  /** Less time than the wait has passed since the last try. */
  isWaitingSinceTry(key: string, now: number): boolean {
    const entry = this.#entries.get(key);
    if (!entry || this.#isExpired(entry.updatedAt, now)) return false;
    return now - entry.updatedAt < this.#delay(entry.tries);
  }

  /** Counts a try after what happened at `eventAt`. */
  next(key: string, eventAt: number, now: number): void {
    const entry = this.#entries.get(key);
    const tries = entry && !this.#isExpired(entry.updatedAt, eventAt) ? entry.tries + 1 : 1;
    this.#entries.set(key, { tries, updatedAt: now });
  }

  /** Forgets keys that have been quiet for long. */
  collect(now: number): void {
    for (const [key, entry] of this.#entries) if (this.#isExpired(entry.updatedAt, now)) this.#entries.delete(key);
  }

  #delay(tries: number): number {
    return backoffMs({ initialMs: this.#initialMs, factor: 2, maxMs: this.#maxMs }, tries);
  }

  #isExpired(updatedAt: number, eventAt: number): boolean {
    return eventAt - updatedAt > this.#maxMs * 2;
  }
}

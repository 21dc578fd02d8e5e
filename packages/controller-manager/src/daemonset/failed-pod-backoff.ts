import { backoffMs, type BackoffOptions, type Clock } from '@kts/base';

const BACKOFF: BackoffOptions = { initialMs: 1000, factor: 2, maxMs: 15 * 60_000 };

interface Entry {
  readonly failures: number;
  readonly at: number;
}

/**
 * How long failed pods of a node are left alone, so that one that always fails is not replaced all the time.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go (v1.36)
 */
export class FailedPodBackoff {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Undefined if there is nothing to wait for. */
  remainingMs(key: string): number | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const wait = backoffMs(BACKOFF, entry.failures) - (this.#clock.monotonic() - entry.at);
    return wait > 0 ? wait : undefined;
  }

  failed(key: string): void {
    const at = this.#clock.monotonic();
    const before = this.#entries.get(key);
    const isFresh = before !== undefined && at - before.at <= 2 * BACKOFF.maxMs;
    this.#forgetOld(at);
    this.#entries.set(key, { failures: isFresh ? before.failures + 1 : 1, at });
  }

  #forgetOld(now: number): void {
    for (const [key, { at }] of this.#entries) if (now - at > 2 * BACKOFF.maxMs) this.#entries.delete(key);
  }
}

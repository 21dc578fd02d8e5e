import { backoffMs, type BackoffOptions, type Clock } from '@kts/base';

/** When a failed key may be tried again. */
export interface RateLimiter<K> {
  /** Counts a failure of the key; the delay before its next try, in milliseconds. */
  next(key: K): number;
  /** The key succeeded, or is given up. */
  forget(key: K): void;
  /** Failures since the key was last forgotten. */
  failures(key: K): number;
}

const ITEM_BACKOFF: BackoffOptions = { initialMs: 5, factor: 2, maxMs: 1_000_000 };
const BUCKET_PER_SECOND = 10;
const BUCKET_BURST = 100;

/**
 * Exponential back-off per key, and a token bucket over all keys so that a mass failure does not become a storm.
 *
 * Mirrors: staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go, DefaultTypedControllerRateLimiter (v1.36)
 */
export function controllerRateLimiter<K>(clock: Pick<Clock, 'monotonic'>, item = ITEM_BACKOFF): RateLimiter<K> {
  const failures = new Map<K, number>();
  const bucket = new TokenBucket(clock, { perSecond: BUCKET_PER_SECOND, burst: BUCKET_BURST });
  return {
    next: (key) => {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      return Math.max(backoffMs(item, count), bucket.reserve());
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
  };
}

export interface BucketOptions {
  readonly perSecond: number;
  readonly burst: number;
}

/** Starts full. Mirrors: golang.org/x/time/rate, as far as used. */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #options: BucketOptions;
  #tokens: number;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>, options: BucketOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#tokens = options.burst;
    this.#at = clock.monotonic();
  }

  /** Takes a token in any case; how many milliseconds to wait until it is there. */
  reserve(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#options.perSecond) * 1000;
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const gained = ((now - this.#at) / 1000) * this.#options.perSecond;
    this.#tokens = Math.min(this.#options.burst, this.#tokens + gained);
    this.#at = now;
  }
}

import type { Clock } from '@kts/base';
import { TokenBucket } from '@kts/controlkit';

/**
 * Nodes of one zone whose pods are to be evicted, handed out at the zone's rate.
 *
 * Mirrors: pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go (v1.36)
 */
export class ZoneEvictionQueue {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #names = new Set<string>();
  #perSecond: number;
  #bucket: TokenBucket;

  constructor(clock: Pick<Clock, 'monotonic'>, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#bucket = this.#newBucket();
  }

  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  add(nodeName: string): void {
    this.#names.add(nodeName);
  }

  remove(nodeName: string): void {
    this.#names.delete(nodeName);
  }

  /** The nodes whose turn it is now; each must be removed once it is done with, or its turn comes again. */
  *due(): Generator<string> {
    for (const name of this.#names) {
      if (this.#perSecond <= 0 || !this.#bucket.tryTake()) return;
      yield name;
    }
  }

  /** @param perSecond 0: none at all */
  setRate(perSecond: number): void {
    if (perSecond === this.#perSecond) return;
    const isSpent = this.#perSecond <= 0 || !this.#bucket.tryTake();
    this.#perSecond = perSecond;
    this.#bucket = this.#newBucket();
    // A change of rate must not give a turn away for nothing.
    if (isSpent) this.#bucket.tryTake();
  }

  #newBucket(): TokenBucket {
    return new TokenBucket(this.#clock, { perSecond: this.#perSecond, burst: 1 });
  }
}

import type { Clock } from '@kts/base';

/** A lease is shared by what is written within this time, or this part of the time to live if that is shorter. */
const SHARED_SECONDS_MAX = 60;
const SHARED_PART = 0.05;
const KEYS_MAX = 1_000;

interface Lease {
  readonly id: Promise<bigint>;
  /** Until when keys may be attached; in the clock's monotonic milliseconds. */
  readonly openUntil: number;
  keys: number;
}

/**
 * Leases for keys that expire. One lease serves many keys, each of which lives its time and a little more.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/lease_manager.go (v1.36)
 */
export class LeasePool {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #grant: (ttlSeconds: number) => Promise<bigint>;
  /** By time to live. */
  readonly #leases = new Map<number, Lease>();

  constructor(clock: Pick<Clock, 'monotonic'>, grant: (ttlSeconds: number) => Promise<bigint>) {
    this.#clock = clock;
    this.#grant = grant;
  }

  leaseFor(ttlSeconds: number): Promise<bigint> {
    const now = this.#clock.monotonic();
    const known = this.#leases.get(ttlSeconds);
    if (known && now <= known.openUntil && known.keys < KEYS_MAX) {
      known.keys++;
      return known.id;
    }
    const extra = Math.floor(Math.min(SHARED_SECONDS_MAX, ttlSeconds * SHARED_PART));
    const lease = { id: this.#grant(ttlSeconds + extra), openUntil: now + extra * 1000, keys: 1 };
    this.#leases.set(ttlSeconds, lease);
    lease.id.catch(() => this.forget(ttlSeconds));
    return lease.id;
  }

  /** The lease for that time is no good any more. */
  forget(ttlSeconds: number): void {
    this.#leases.delete(ttlSeconds);
  }
}

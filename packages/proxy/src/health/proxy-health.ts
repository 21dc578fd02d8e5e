import { formatTime, type Clock } from '@kts/base';
import type { Node } from '@kts/api/types/core-v1';

import type { IpFamily } from '../service-routes.ts';

/** Changes that have waited so long for their rules mean that something is wrong. */
const LATE_MS = 60_000;
const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler';

/** An answer of a health check. */
export interface HealthAnswer {
  readonly healthy: boolean;
  readonly body: object;
}

/**
 * Whether rules follow changes in time.
 *
 * Mirrors: pkg/proxy/healthcheck/proxy_health.go (v1.36)
 */
export class ProxyHealth {
  readonly #clock: Clock;
  readonly #updatedAt = new Map<IpFamily, number>();
  readonly #waitingSince = new Map<IpFamily, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A change waits for its rules. */
  queued(family: IpFamily): void {
    if (!this.#waitingSince.has(family)) this.#waitingSince.set(family, this.#clock.now());
  }

  /** The rules are what they should be. */
  updated(family: IpFamily): void {
    this.#waitingSince.delete(family);
    this.#updatedAt.set(family, this.#clock.now());
  }

  get healthy(): boolean {
    return [...this.#updatedAt.keys()].every((family) => !this.#isLate(family));
  }

  /** `/livez` */
  live(): HealthAnswer {
    return { healthy: this.healthy, body: this.#body(this.healthy) };
  }

  /** `/healthz`: a node that is about to go shall get no more connections from outside. */
  ready(node: Node | undefined): HealthAnswer {
    const nodeEligible = isEligible(node);
    const healthy = this.healthy && nodeEligible;
    return { healthy, body: { ...this.#body(healthy), nodeEligible } };
  }

  #isLate(family: IpFamily): boolean {
    const since = this.#waitingSince.get(family);
    return since !== undefined && this.#clock.now() - since >= LATE_MS;
  }

  /** A healthy answer is about now, even if nothing has changed for long. */
  #body(healthy: boolean): object {
    const now = this.#clock.now();
    const times = [...this.#updatedAt].map(([family, at]) => [
      family,
      { lastUpdated: formatTime(at), healthy: !this.#isLate(family) },
    ]);
    return {
      lastUpdated: formatTime(healthy ? now : Math.max(0, ...this.#updatedAt.values())),
      currentTime: formatTime(now),
      healthy: this.healthy,
      status: Object.fromEntries(times) as object,
    };
  }
}

function isEligible(node: Node | undefined): boolean {
  if (!node || node.metadata.deletionTimestamp !== undefined) return false;
  return !(node.spec.taints ?? []).some(({ key }) => key === TO_BE_DELETED_TAINT);
}

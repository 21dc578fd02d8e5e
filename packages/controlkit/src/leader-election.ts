import type { Lease, LeaseSpec } from '@kts/api/types/coordination-v1';
import { isNotFound, type New, type ObjectKey, type ResourceType } from '@kts/apimachinery';
import { childSignal, formatMicroTime, type Clock, type Logger, type Random } from '@kts/base';
import type { Client } from '@kts/client';

/**
 * One of several copies of a component leads, by holding a Lease.
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go (v1.36)
 * Differs: no coordinated election (Lease strategies), which is alpha.
 */
export interface LeaderElectionOptions {
  readonly lease: ObjectKey & { readonly namespace: string };
  /** Unique among the copies. */
  readonly identity: string;
  /** How long others wait after the last renewal they saw. */
  readonly leaseDurationMs?: number;
  /** The leader gives up if it could not renew for so long. */
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Gives the lease back at the end, so that another copy takes over at once. Only if `lead` stops all it does. */
  readonly releaseOnStop?: boolean;
}

export interface LeaderElectionDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const LEASES: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Waits between tries to get the lease are longer by up to this factor, by chance. */
const ACQUIRE_JITTER = 1.2;

/** What was last seen of the lease, and when (local clock: clocks of others are not trusted). */
export interface ObservedLease {
  readonly lease: Lease;
  readonly at: number;
}

export type LeaseStep =
  | { readonly do: 'create'; readonly spec: LeaseSpec }
  | { readonly do: 'update'; readonly lease: Lease }
  /** Another holds it and has renewed it not long ago. */
  | { readonly do: 'wait'; readonly holder: string };

/** A new look at the lease: the time counts from when it was first seen like that. */
export function observeLease(last: ObservedLease | undefined, lease: Lease, now: number): ObservedLease {
  return last && last.lease.metadata.resourceVersion === lease.metadata.resourceVersion ? last : { lease, at: now };
}

/** What one copy does about the lease it sees. `now` in milliseconds since the epoch. */
export function planLease(
  observed: ObservedLease | undefined,
  options: { readonly identity: string; readonly leaseDurationMs: number },
  now: number,
): LeaseStep {
  const time = formatMicroTime(now);
  const spec: LeaseSpec = {
    holderIdentity: options.identity,
    leaseDurationSeconds: Math.floor(options.leaseDurationMs / 1000),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  };
  if (!observed) return { do: 'create', spec };
  const old = observed.lease.spec;
  const mine = old.holderIdentity === options.identity;
  const valid = observed.at + (old.leaseDurationSeconds ?? 0) * 1000 > now;
  if (old.holderIdentity && !mine && valid) return { do: 'wait', holder: old.holderIdentity };
  const transitions = old.leaseTransitions ?? 0;
  const taken = mine
    ? { ...spec, ...(old.acquireTime ? { acquireTime: old.acquireTime } : {}), leaseTransitions: transitions }
    : { ...spec, leaseTransitions: transitions + 1 };
  return { do: 'update', lease: { ...observed.lease, spec: taken } };
}

export class LeaderElector {
  readonly #options: Required<LeaderElectionOptions>;
  readonly #deps: LeaderElectionDependencies;
  readonly #log: Logger;
  #observed: ObservedLease | undefined;

  constructor(options: LeaderElectionOptions, deps: LeaderElectionDependencies) {
    this.#options = {
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      releaseOnStop: false,
      ...options,
    };
    this.#deps = deps;
    this.#log = deps.log.with({ lease: options.lease.name });
  }

  /** The identity of the leader as last seen. */
  get leader(): string | undefined {
    return this.#observed?.lease.spec.holderIdentity;
  }

  /** The lease as last seen. */
  get lease(): Lease | undefined {
    return this.#observed?.lease;
  }

  /**
   * Waits for the lease, then runs `lead` for as long as it can be renewed. Resolves when `lead` has ended: with `lost`
   * if the lease could not be renewed, with `stopped` if the signal was aborted or `lead` ended by itself.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'> {
    if (!(await this.#acquire(signal))) return 'stopped';
    this.#log.info('became leader', { identity: this.#options.identity });
    using leading = childSignal(signal);
    let lost = false;
    const renewing = this.#renew(leading.signal).then(() => {
      lost = !leading.signal.aborted;
      leading.abort();
    });
    try {
      await lead(leading.signal);
    } finally {
      leading.abort();
      await renewing;
      if (this.#options.releaseOnStop) await this.#release();
    }
    return lost ? 'lost' : 'stopped';
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { retryPeriodMs } = this.#options;
    while (!signal.aborted) {
      if (await this.#try(signal)) return true;
      const ms = retryPeriodMs * (1 + this.#deps.random.next() * ACQUIRE_JITTER);
      await this.#deps.clock.sleep(ms, signal).catch(() => {});
    }
    return false;
  }

  /** Ends when the signal is aborted, or when the renewal deadline has passed without success. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { renewDeadlineMs, retryPeriodMs } = this.#options;
    for (;;) {
      await this.#deps.clock.sleep(retryPeriodMs, signal).catch(() => {});
      if (signal.aborted) return;
      using deadline = childSignal(signal);
      const timer = this.#deps.clock.after(renewDeadlineMs, () => deadline.abort());
      let renewed = await this.#try(deadline.signal);
      while (!renewed && !deadline.signal.aborted) {
        await this.#deps.clock.sleep(retryPeriodMs, deadline.signal).catch(() => {});
        if (!deadline.signal.aborted) renewed = await this.#try(deadline.signal);
      }
      timer.cancel();
      if (!renewed) return;
    }
  }

  /** One try to get or keep the lease. The leader first tries with the lease as it last wrote it. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.#options;
    const { clock } = this.#deps;
    try {
      if (
        this.leader === identity &&
        (await this.#write(planLease(this.#observed, this.#options, clock.now()), signal))
      ) {
        return true;
      }
    } catch (error) {
      this.#log.debug(2, 'lease has changed, reading it', { error });
    }
    try {
      await this.#read(signal);
      return await this.#write(planLease(this.#observed, this.#options, clock.now()), signal);
    } catch (error) {
      if (!signal.aborted) this.#log.error('lease not acquired or renewed', { error });
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    try {
      const lease = await this.#deps.client.get(LEASES, this.#options.lease, { signal });
      this.#observed = observeLease(this.#observed, lease, this.#deps.clock.now());
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#observed = undefined;
    }
  }

  async #write(step: LeaseStep, signal: AbortSignal): Promise<boolean> {
    if (step.do === 'wait') return false;
    const at = this.#deps.clock.now();
    const { client } = this.#deps;
    const lease =
      step.do === 'create'
        ? await client.create(LEASES, { metadata: this.#options.lease, spec: step.spec } satisfies New<Lease>, {
            signal,
          })
        : await client.update(LEASES, step.lease, { signal });
    this.#observed = { lease, at };
    return true;
  }

  async #release(): Promise<void> {
    const { clock, client } = this.#deps;
    const observed = this.#observed;
    if (!observed || this.leader !== this.#options.identity) return;
    using deadline = childSignal(new AbortController().signal);
    const timer = clock.after(this.#options.renewDeadlineMs, () => deadline.abort());
    const time = formatMicroTime(clock.now());
    const { leaseTransitions = 0 } = observed.lease.spec;
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time, leaseTransitions };
    try {
      const lease = await client.update(LEASES, { ...observed.lease, spec }, { signal: deadline.signal });
      this.#observed = { lease, at: clock.now() };
    } catch (error) {
      this.#log.error('lease not released', { error });
    } finally {
      timer.cancel();
    }
  }
}

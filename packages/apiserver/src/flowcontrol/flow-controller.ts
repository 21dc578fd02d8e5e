/**
 * The priority levels of the server: what each may use at a time, and who is next.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/{apf_controller,apf_filter}.go (v1.36)
 * Differs: seats are lent anew when somebody waits or finishes, at most every ten seconds, and not by a timer: as long as
 * nobody waits it does not matter who has how many.
 */
import type { PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';
import type { Clock } from '@kts/base';

import { allocateSeats, smoothedDemand } from './allocate-seats.ts';
import type { Flow } from './classifier.ts';
import { DroppedRequests } from './dropped-requests.ts';
import { FairQueues, type RejectReason, type Ticket } from './fair-queues.ts';
import { levelLimits } from './level-limits.ts';
import { flowHash } from './shuffle-shard.ts';

const BORROWING_PERIOD_MS = 10_000;

/** What became of a request: its seat, or when to come back. */
export type Admission =
  | { readonly admitted: true; release(): void }
  | {
      readonly admitted: false;
      readonly reason: RejectReason | 'time-out' | 'cancelled';
      readonly retryAfterSeconds: number;
    };

/** How a level is doing, for metrics. */
export interface LevelState {
  readonly queues: FairQueues;
  readonly dropped: DroppedRequests;
  smoothed: number;
  dispatched: number;
  readonly rejected: Map<string, number>;
}

export interface FlowControllerOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'after' | 'now'>;
  /** Requests that the whole server serves at a time. */
  readonly serverSeats: number;
  /** How long a request may wait for a seat. */
  readonly waitMs: number;
}

export class FlowController {
  readonly #options: FlowControllerOptions;
  readonly levels = new Map<string, LevelState>();
  #borrowedAt = -Infinity;

  constructor(options: FlowControllerOptions) {
    this.#options = options;
  }

  /** To be called whenever a priority level has changed. */
  configure(levels: Iterable<PriorityLevelConfiguration>): void {
    const limits = levelLimits(levels, this.#options.serverSeats);
    for (const one of limits) {
      const state = this.levels.get(one.name);
      if (state) state.queues.configure(one);
      else this.levels.set(one.name, newLevel(new FairQueues(one)));
    }
    const names = new Set(limits.map(({ name }) => name));
    for (const [name, { queues }] of this.levels) {
      if (!names.has(name) && queues.executing + queues.inQueue === 0) this.levels.delete(name);
    }
    this.#borrow(this.#options.clock.monotonic());
  }

  /** A seat at once where there is one; undefined: the level does not exist (yet), and nobody is limited. */
  tryAdmit(flow: Flow, width: number): Admission | undefined {
    const level = this.levels.get(flow.levelName);
    if (!level) return FREE;
    const ticket = level.queues.trySeat(width, this.#options.clock.monotonic());
    return ticket && this.#seated(level, ticket);
  }

  /** Waits for a seat. */
  async admit(flow: Flow, width: number, signal: AbortSignal): Promise<Admission> {
    const { clock, waitMs } = this.#options;
    const level = this.levels.get(flow.levelName)!;
    const { promise, resolve } = Promise.withResolvers<Admission>();
    const hash = flowHash(flow.schemaName, flow.distinguisher);
    const ticket = level.queues.enqueue(width, hash, () => resolve(this.#seated(level, ticket as Ticket)));
    if (typeof ticket === 'string') return this.#refused(flow, level, ticket);
    this.#borrowIfDue(level);
    const leave = (reason: 'time-out' | 'cancelled'): void => {
      if (level.queues.abandon(ticket)) resolve(this.#refused(flow, level, reason));
    };
    const timer = clock.after(waitMs, () => leave('time-out'));
    const onAbort = (): void => leave('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if (signal.aborted) onAbort();
      return await promise;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  #seated(level: LevelState, ticket: Ticket): Admission {
    level.dispatched++;
    return {
      admitted: true,
      release: () => {
        level.queues.finish(ticket, this.#options.clock.monotonic());
        if (level.queues.inQueue > 0) this.#borrowIfDue(level);
      },
    };
  }

  #refused(flow: Flow, level: LevelState, reason: RejectReason | 'time-out' | 'cancelled'): Admission {
    level.dropped.record(this.#options.clock.now());
    const key = `${flow.schemaName} ${reason}`;
    level.rejected.set(key, (level.rejected.get(key) ?? 0) + 1);
    return { admitted: false, reason, retryAfterSeconds: level.dropped.retryAfterSeconds };
  }

  /** A level that has lent all its seats gets some back at once. */
  #borrowIfDue({ queues }: LevelState): void {
    const now = this.#options.clock.monotonic();
    if (queues.executing === 0 || now - this.#borrowedAt >= BORROWING_PERIOD_MS) this.#borrow(now);
  }

  #borrow(now: number): void {
    this.#borrowedAt = now;
    const demands = [...this.levels.values()].map((level) => {
      const highWatermark = level.queues.takeHighWatermark();
      level.smoothed = smoothedDemand(level.smoothed, highWatermark);
      return { limits: level.queues.limits, highWatermark, smoothed: level.smoothed };
    });
    const seats = allocateSeats(demands);
    for (const [name, { queues }] of this.levels) {
      queues.seats = seats.get(name) ?? queues.seats;
      queues.dispatch(now);
    }
  }
}

const FREE: Admission = { admitted: true, release: () => {} };

function newLevel(queues: FairQueues): LevelState {
  return { queues, dropped: new DroppedRequests(), smoothed: 0, dispatched: 0, rejected: new Map() };
}

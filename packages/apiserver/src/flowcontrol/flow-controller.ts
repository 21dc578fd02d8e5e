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
      readonly reason: Refusal;
      readonly retryAfterSeconds: number;
    };

/** How a level is doing. */
export interface LevelState {
  readonly queues: FairQueues;
  readonly dropped: DroppedRequests;
  smoothed: number;
  /** By flow schema, for metrics. */
  readonly tallies: Map<string, FlowTally>;
}

/** What became of a schema's requests at one level. */
export interface FlowTally {
  executing: number;
  seats: number;
  inQueue: number;
  seatsInQueue: number;
  dispatched: number;
  readonly rejected: Partial<Record<Refusal, number>>;
}

export type Refusal = RejectReason | 'time-out' | 'cancelled';

export interface FlowControllerOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'after' | 'now'>;
  /** Requests that the whole server serves at a time. */
  readonly serverSeats: number;
  /** How long a request may wait for a seat. */
  readonly waitMs: number;
  /** Told how long requests have waited, in milliseconds. */
  readonly onWait?: (flow: Flow, executed: boolean, waitedMs: number) => void;
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
    return ticket && this.#seated(level, flow, ticket, 0);
  }

  /** Waits for a seat. */
  async admit(flow: Flow, width: number, signal: AbortSignal): Promise<Admission> {
    const { clock, waitMs } = this.#options;
    const level = this.levels.get(flow.levelName)!;
    const { promise, resolve } = Promise.withResolvers<Admission>();
    const hash = flowHash(flow.schemaName, flow.distinguisher);
    const since = clock.monotonic();
    const waited = (): number => clock.monotonic() - since;
    const ticket = level.queues.enqueue(width, hash, () => {
      countWaiting(level, flow, -1, width);
      resolve(this.#seated(level, flow, ticket as Ticket, waited()));
    });
    if (typeof ticket === 'string') return this.#refused(flow, level, ticket, 0);
    countWaiting(level, flow, 1, width);
    this.#borrowIfDue(level);
    const leave = (reason: 'time-out' | 'cancelled'): void => {
      if (!level.queues.abandon(ticket)) return;
      countWaiting(level, flow, -1, width);
      resolve(this.#refused(flow, level, reason, waited()));
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

  #seated(level: LevelState, flow: Flow, ticket: Ticket, waitedMs: number): Admission {
    const tally = tallyOf(level, flow);
    tally.dispatched++;
    tally.executing++;
    tally.seats += ticket.width;
    this.#options.onWait?.(flow, true, waitedMs);
    return {
      admitted: true,
      release: () => {
        tally.executing--;
        tally.seats -= ticket.width;
        level.queues.finish(ticket, this.#options.clock.monotonic());
        if (level.queues.inQueue > 0) this.#borrowIfDue(level);
      },
    };
  }

  #refused(flow: Flow, level: LevelState, reason: Refusal, waitedMs: number): Admission {
    level.dropped.record(this.#options.clock.now());
    const { rejected } = tallyOf(level, flow);
    rejected[reason] = (rejected[reason] ?? 0) + 1;
    this.#options.onWait?.(flow, false, waitedMs);
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
  return { queues, dropped: new DroppedRequests(), smoothed: 0, tallies: new Map() };
}

function tallyOf({ tallies }: LevelState, { schemaName }: Flow): FlowTally {
  let tally = tallies.get(schemaName);
  if (!tally) {
    tally = { executing: 0, seats: 0, inQueue: 0, seatsInQueue: 0, dispatched: 0, rejected: {} };
    tallies.set(schemaName, tally);
  }
  return tally;
}

function countWaiting(level: LevelState, flow: Flow, step: 1 | -1, width: number): void {
  const tally = tallyOf(level, flow);
  tally.inQueue += step;
  tally.seatsInQueue += step * width;
}

/**
 * The seats of one priority level, and the queues of those who wait for one. Flows take turns by the work that they have
 * caused, not by the number of their requests. Synchronous; whoever uses it passes the time.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset (v1.36)
 * Differs: a request that finds a free seat and nobody waiting belongs to no queue, and work is counted when a request
 * ends instead of being guessed when it begins: in a single event loop requests run one after the other anyway.
 */
import type { LevelLimits } from './level-limits.ts';
import { dealHand } from './shuffle-shard.ts';

export type RejectReason = 'concurrency-limit' | 'queue-full';

/** One request on its way through a level. */
export interface Ticket {
  /** Seats that it takes; never 0. */
  readonly width: number;
  readonly queue: number | undefined;
  /** When it got its seats, in milliseconds. */
  startedAt: number;
}

interface Waiting {
  readonly ticket: Ticket;
  readonly dispatch: () => void;
}

interface Queue {
  readonly waiting: Waiting[];
  /** Seats that those in the queue ask for. */
  width: number;
  /** Seat milliseconds that the flows of the queue have had, in virtual time. */
  served: number;
}

export class FairQueues {
  #limits: LevelLimits;
  #queues: Queue[] = [];
  /** The service of the queue that was least served among those with requests: new ones do not begin at zero. */
  #virtualTime = 0;
  #next = 0;
  seats: number;
  executing = 0;
  seatsInUse = 0;
  inQueue = 0;
  #seatsWanted = 0;
  #highWatermark = 0;

  constructor(limits: LevelLimits) {
    this.#limits = limits;
    this.seats = limits.minSeats + Math.ceil((limits.nominalSeats - limits.minSeats) / 2);
  }

  get limits(): LevelLimits {
    return this.#limits;
  }

  /** The most seats that were wanted at a time since the last call. */
  takeHighWatermark(): number {
    const highest = this.#highWatermark;
    this.#highWatermark = this.#seatsWanted;
    return highest;
  }

  /** New limits; those who wait keep their places. */
  configure(limits: LevelLimits): void {
    this.#limits = limits;
  }

  /** Takes seats if nobody is before this request. */
  trySeat(width: number, now: number): Ticket | undefined {
    const seated = this.#limits.exempt || (this.inQueue === 0 && this.#hasRoom(width));
    return seated ? this.#seat({ width, queue: undefined, startedAt: now }, now, true) : undefined;
  }

  /** Lets a request wait; `dispatch` is called once, when its ticket has its seats. */
  enqueue(width: number, hash: bigint, dispatch: () => void): Ticket | RejectReason {
    const { queuing } = this.#limits;
    if (!queuing) return 'concurrency-limit';
    const index = this.#shortestQueue(hash);
    const queue = this.#queues[index]!;
    if (queue.waiting.length >= queuing.queueLengthMax) return 'queue-full';
    if (queue.waiting.length === 0) queue.served = Math.max(queue.served, this.#virtualTime);
    const ticket: Ticket = { width, queue: index, startedAt: 0 };
    queue.waiting.push({ ticket, dispatch });
    queue.width += width;
    this.inQueue++;
    this.#want(width);
    return ticket;
  }

  /** A request that waited does not want its seats any more. False: it has them already. */
  abandon(ticket: Ticket): boolean {
    const queue = ticket.queue === undefined ? undefined : this.#queues[ticket.queue];
    const index = queue?.waiting.findIndex((one) => one.ticket === ticket) ?? -1;
    if (!queue || index < 0) return false;
    queue.waiting.splice(index, 1);
    queue.width -= ticket.width;
    this.inQueue--;
    this.#seatsWanted -= ticket.width;
    return true;
  }

  /** A request has ended; the next ones are dispatched. */
  finish(ticket: Ticket, now: number): void {
    this.executing--;
    this.seatsInUse -= ticket.width;
    this.#seatsWanted -= ticket.width;
    if (ticket.queue !== undefined) {
      this.#queues[ticket.queue]!.served += ticket.width * Math.max(1, now - ticket.startedAt);
    }
    this.dispatch(now);
  }

  /** Gives free seats to those who wait, as long as there are any. */
  dispatch(now: number): void {
    while (this.inQueue > 0) {
      const queue = this.#nextQueue();
      const first = queue.waiting[0]!;
      if (!this.#hasRoom(first.ticket.width)) return;
      queue.waiting.shift();
      queue.width -= first.ticket.width;
      this.inQueue--;
      this.#virtualTime = Math.max(this.#virtualTime, queue.served);
      // Counted at once, so that a flow does not get all seats before its first request has ended.
      queue.served += first.ticket.width;
      this.#seat(first.ticket, now, false);
      first.dispatch();
    }
  }

  /** A request that is wider than the whole level runs alone. */
  #hasRoom(width: number): boolean {
    return this.seatsInUse === 0 ? this.seats > 0 : this.seatsInUse + width <= this.seats;
  }

  #seat(ticket: Ticket, now: number, isNew: boolean): Ticket {
    ticket.startedAt = now;
    this.executing++;
    this.seatsInUse += ticket.width;
    if (isNew) this.#want(ticket.width);
    return ticket;
  }

  #want(width: number): void {
    this.#seatsWanted += width;
    if (this.#seatsWanted > this.#highWatermark) this.#highWatermark = this.#seatsWanted;
  }

  #shortestQueue(hash: bigint): number {
    const { queues, handSize } = this.#limits.queuing!;
    while (this.#queues.length < queues) this.#queues.push({ waiting: [], width: 0, served: 0 });
    let best = -1;
    for (const index of dealHand(hash, queues, handSize)) {
      if (best < 0 || this.#queues[index]!.width < this.#queues[best]!.width) best = index;
    }
    return best;
  }

  /** The queue with requests that was served least; among equals they take turns. */
  #nextQueue(): Queue {
    const count = this.#queues.length;
    let best: number | undefined;
    for (let step = 0; step < count; step++) {
      const index = (this.#next + step) % count;
      const queue = this.#queues[index]!;
      if (queue.waiting.length === 0) continue;
      if (best === undefined || queue.served < this.#queues[best]!.served) best = index;
    }
    this.#next = (best! + 1) % count;
    return this.#queues[best!]!;
  }
}

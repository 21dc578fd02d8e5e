import { eventsV1 } from '@kts/api';
import type { Event } from '@kts/api/types/events-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { isNotFound, StatusError, type New } from '@kts/apimachinery';
import { formatMicroTime, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';
import { referenceTo } from '@kts/controlkit';

/**
 * What the scheduler tells about pods, as events of `events.k8s.io/v1`. The same thing told again within a few minutes
 * becomes a series of one event, with the note of the first.
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/events/event_broadcaster.go (v1.36)
 * Differs: the length of a series is written when it begins and when it ends, not every half an hour between.
 */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What the scheduler did or tried. */
  readonly action: string;
  readonly note: string;
  readonly related?: Pod;
}

export function failedScheduling(note: string): PodEvent {
  return { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', note };
}

export function waitingForDevices(node: string): PodEvent {
  const note = `waiting for binding conditions for device on node ${node}`;
  return { type: 'Normal', reason: 'BindingConditionsPending', action: 'Scheduling', note };
}

export interface EventRecorderDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Series {
  readonly event: New<Event>;
  count: number;
  /** Milliseconds since the epoch. */
  lastObserved: number;
}

/** A series ends when nothing was added for so long. */
const SERIES_IDLE_MS_MAX = 6 * 60_000;
/** Events that wait for the server; more are dropped. */
const QUEUE_LENGTH_MAX = 1000;
/** Longer notes are refused by the API server. */
const NOTE_LENGTH_MAX = 1024;
const CUT = ' ...';
const TRIES_MAX = 12;
const RETRY_MS = 10_000;

export class PodEventRecorder {
  readonly #controller: string;
  readonly #instance: string;
  readonly #deps: EventRecorderDeps;
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  #sequence = 0;
  #wake: () => void = () => {};

  /** @param controller the scheduler's name; @param instance names this process. */
  constructor(controller: string, instance: string, deps: EventRecorderDeps) {
    this.#controller = controller;
    this.#instance = instance;
    this.#deps = deps;
  }

  /** Never fails, never waits. */
  event(pod: Pod, event: PodEvent): void {
    const now = this.#deps.clock.now();
    this.#endSeries(now);
    const { type, reason, action, related } = event;
    const { uid, resourceVersion } = pod.metadata;
    // As upstream: events about different versions of a pod are different.
    const key = JSON.stringify([uid, resourceVersion, type, reason, action, related?.metadata.uid]);
    const known = this.#series.get(key);
    if (known === undefined) {
      const series = { event: this.#make(pod, event, now), count: 1, lastObserved: now };
      this.#series.set(key, series);
      this.#enqueue(series);
      return;
    }
    known.count++;
    known.lastObserved = now;
    this.#series.delete(key);
    this.#series.set(key, known);
    if (known.count === 2) this.#enqueue(known);
  }

  /** Writes events until the signal; what waits then is dropped. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted) {
      const series = this.#queue.shift();
      if (series !== undefined) await this.#write(series, signal);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #enqueue(series: Series): void {
    if (this.#queue.length >= QUEUE_LENGTH_MAX) {
      this.#deps.log.warn('event dropped, too many are waiting', { reason: series.event.reason });
      return;
    }
    this.#queue.push(series);
    this.#wake();
  }

  /** The map has them in the order in which something was added last. */
  #endSeries(now: number): void {
    for (const [key, series] of this.#series) {
      if (series.lastObserved >= now - SERIES_IDLE_MS_MAX) return;
      this.#series.delete(key);
      if (series.count > 1) this.#enqueue(series);
    }
  }

  #make(pod: Pod, { type, reason, action, note, related }: PodEvent, now: number): New<Event> {
    const { name, namespace } = pod.metadata;
    // Clocks give milliseconds; a sequence keeps the names of one millisecond apart.
    const nanoseconds = BigInt(Math.floor(now)) * 1_000_000n + BigInt(this.#sequence++ % 1_000_000);
    return {
      metadata: { name: `${name}.${nanoseconds.toString(16)}`, namespace },
      eventTime: formatMicroTime(now),
      reportingController: this.#controller,
      reportingInstance: this.#instance,
      action,
      reason,
      regarding: referenceTo(pod),
      ...(related && { related: referenceTo(related) }),
      note: note.length <= NOTE_LENGTH_MAX ? note : note.slice(0, NOTE_LENGTH_MAX - CUT.length) + CUT,
      type,
    };
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        return await this.#writeOnce(series, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (StatusError.is(error) || tries >= TRIES_MAX) {
          log.warn('event not written', { reason: series.event.reason, error });
          return;
        }
        await clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
  }

  async #writeOnce({ event, count, lastObserved }: Series, signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    const { name = '', namespace = '' } = event.metadata;
    if (count === 1) {
      await client.create(eventsV1, event, { signal });
      return;
    }
    const series = { count, lastObservedTime: formatMicroTime(lastObserved) };
    try {
      await client.patch(eventsV1, { namespace, name }, { type: 'strategic', body: { series } }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.create(eventsV1, { ...event, series }, { signal });
    }
  }
}

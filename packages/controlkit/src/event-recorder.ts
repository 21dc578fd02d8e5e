import type { Event, EventSource, ObjectReference } from '@kts/api/types/core-v1';
import {
  isAlreadyExists,
  isNotFound,
  StatusError,
  type KubeObject,
  type New,
  type ResourceType,
} from '@kts/apimachinery';
import { formatTime, type Clock, type Logger } from '@kts/base';
import type { Client } from '@kts/client';

import { EventCorrelator, type CorrelatedEvent } from './event-correlator.ts';

/** Tells users what happened to an object. Never fails, never waits. */
export interface EventRecorder {
  /**
   * @param object with kind and apiVersion (as informers give it), or a reference where a part of an object is meant
   * @param reason one word in CamelCase
   */
  event(object: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

export interface EventRecorderDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Events that wait for the server; more are dropped. */
const QUEUE_LENGTH_MAX = 1000;
const TRIES_MAX = 12;
const RETRY_MS = 10_000;

const EVENTS: ResourceType<Event> = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };

/** An EventRecorder that writes core/v1 events while `run` runs. */
export interface EventWriter extends EventRecorder {
  /** Until the signal; what waits then is dropped. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * @param source the component, and the node for components of nodes
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/record/event.go (v1.36)
 */
export function createEventRecorder(source: EventSource, deps: EventRecorderDependencies): EventWriter {
  return new Recorder(source, deps);
}

class Recorder implements EventWriter {
  readonly #source: EventSource;
  readonly #deps: EventRecorderDependencies;
  readonly #correlator: EventCorrelator;
  readonly #queue: New<Event>[] = [];
  #wake: (() => void) | undefined;
  #sequence = 0;

  constructor(source: EventSource, deps: EventRecorderDependencies) {
    this.#source = source;
    this.#deps = deps;
    this.#correlator = new EventCorrelator(deps.clock);
  }

  event(object: KubeObject | ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#queue.length >= QUEUE_LENGTH_MAX) {
      this.#deps.log.warn('event dropped, too many are waiting', { reason });
      return;
    }
    this.#queue.push(this.#make(referenceTo(object), type, reason, message));
    this.#wake?.();
  }

  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted) {
      const event = this.#queue.shift();
      if (event) await this.#record(event, signal);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #make(object: ObjectReference, type: string, reason: string, message: string): New<Event> {
    const now = this.#deps.clock.now();
    const timestamp = formatTime(now);
    const { component, host } = this.#source;
    return {
      metadata: { name: this.#name(object.name ?? '', now), namespace: object.namespace ?? 'default' },
      involvedObject: object,
      reason,
      message,
      source: this.#source,
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      count: 1,
      type,
      ...(component ? { reportingComponent: component } : {}),
      ...(host ? { reportingInstance: host } : {}),
    };
  }

  /** `<object>.<nanoseconds in hex>`; clocks give milliseconds, a sequence keeps names of one millisecond apart. */
  #name(objectName: string, now: number): string {
    const nanoseconds = BigInt(Math.floor(now)) * 1_000_000n + BigInt(this.#sequence++ % 1_000_000);
    return `${objectName}.${nanoseconds.toString(16)}`;
  }

  async #record(event: New<Event>, signal: AbortSignal): Promise<void> {
    const correlated = this.#correlator.correlate(event);
    if (!correlated) return;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        this.#correlator.written(await this.#write(correlated, signal));
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (StatusError.is(error) || tries >= TRIES_MAX) return this.#giveUp(event, error);
        await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => {});
      }
    }
  }

  async #write({ event, patch }: CorrelatedEvent, signal: AbortSignal): Promise<Event> {
    const { name = '', namespace = '' } = event.metadata;
    if (patch) {
      try {
        return await this.#deps.client.patch(
          EVENTS,
          { namespace, name },
          { type: 'strategic', body: patch },
          { signal },
        );
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return this.#deps.client.create(EVENTS, event, { signal });
  }

  #giveUp(event: New<Event>, error: unknown): void {
    const fields = { reason: event.reason, object: event.involvedObject.name, error };
    const expected =
      isAlreadyExists(error) ||
      (StatusError.is(error) && error.status.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating'));
    if (expected) this.#deps.log.debug(5, 'event refused', fields);
    else this.#deps.log.error('event not written', fields);
  }
}

/** How an event, or another object, refers to an object. */
export function referenceTo(object: KubeObject | ObjectReference): ObjectReference {
  if (!('metadata' in object)) return object;
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    ...(kind ? { kind } : {}),
    ...(namespace ? { namespace } : {}),
    name,
    uid,
    ...(apiVersion ? { apiVersion } : {}),
    resourceVersion,
  };
}

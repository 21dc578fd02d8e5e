import type { Event } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';
import { formatTime, type Clock } from '@kts/base';

import { TokenBucket } from './rate-limiter.ts';

/**
 * Keeps events from flooding the API: a repeated event only bumps a count, many similar ones become one, and one object
 * has a budget.
 *
 * Mirrors: staging/src/k8s.io/client-go/tools/record/events_cache.go (v1.36)
 */
export interface CorrelatedEvent {
  readonly event: New<Event>;
  /** Write by patching the event of that name; if it is gone, create `event`. */
  readonly patch?: Pick<Event, 'count' | 'message' | 'lastTimestamp'>;
}

const CACHE_ENTRIES_MAX = 4096;
/** From the tenth different message of one reason on, within ten minutes of each other, they are combined. */
const SIMILAR_EVENTS_MAX = 10;
const SIMILAR_INTERVAL_MS = 600_000;
const SPAM_BUCKET = { burst: 25, perSecond: 1 / 300 };
const COMBINED_PREFIX = '(combined from similar events): ';

interface Similar {
  readonly messages: Set<string>;
  lastAt: number;
}

interface Recorded {
  readonly name: string;
  readonly count: number;
  readonly firstTimestamp: string | undefined;
}

export class EventCorrelator {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #similar = new RecentMap<Similar>(CACHE_ENTRIES_MAX);
  readonly #recorded = new RecentMap<Recorded>(CACHE_ENTRIES_MAX);
  readonly #budgets = new RecentMap<TokenBucket>(CACHE_ENTRIES_MAX);

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** What to write for a new event; undefined: nothing, its object has used up its budget. */
  correlate(event: New<Event>): CorrelatedEvent | undefined {
    const about = objectKey(event);
    const { event: combined, key } = this.#aggregate(event, about);
    const correlated = this.#count(combined, key);
    const budget = this.#budgets.getOrAdd(`${about}${event.type}`, () => new TokenBucket(this.#clock, SPAM_BUCKET));
    return budget.tryTake() ? correlated : undefined;
  }

  /** The server has taken the event: later ones of its kind are counted on it. */
  written(event: Event): void {
    this.#remember(eventKey(event, objectKey(event)), event);
  }

  #aggregate(event: New<Event>, about: string): { event: New<Event>; key: string } {
    const now = this.#clock.monotonic();
    const key = similarKey(event, about);
    const similar = this.#similar.getOrAdd(key, () => ({ messages: new Set(), lastAt: now }));
    if (now - similar.lastAt > SIMILAR_INTERVAL_MS) similar.messages.clear();
    similar.messages.add(event.message ?? '');
    similar.lastAt = now;
    if (similar.messages.size < SIMILAR_EVENTS_MAX) return { event, key: eventKey(event, about) };
    const [oldest = ''] = similar.messages;
    similar.messages.delete(oldest);
    return { event: { ...event, message: COMBINED_PREFIX + event.message }, key };
  }

  #count(event: New<Event>, key: string): CorrelatedEvent {
    const last = this.#recorded.get(key);
    const counted = last
      ? {
          ...event,
          metadata: { ...event.metadata, name: last.name },
          count: last.count + 1,
          ...(last.firstTimestamp ? { firstTimestamp: last.firstTimestamp } : {}),
        }
      : event;
    this.#remember(key, counted);
    if (!last) return { event };
    const lastTimestamp = event.lastTimestamp ?? formatTime(this.#clock.now());
    const patch = { count: last.count + 1, lastTimestamp, ...(event.message ? { message: event.message } : {}) };
    return { event: counted, patch };
  }

  #remember(key: string, event: New<Event>): void {
    const { firstTimestamp, count = 1 } = event;
    this.#recorded.set(key, { name: event.metadata.name ?? '', count, firstTimestamp });
  }
}

/** A map that forgets what was not used for longest. */
class RecentMap<V> {
  readonly #limit: number;
  readonly #values = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#limit) return;
    const [oldest = ''] = this.#values.keys();
    this.#values.delete(oldest);
  }

  getOrAdd(key: string, make: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const value = make();
    this.set(key, value);
    return value;
  }
}

/** Who says something about which object. JSON, so that nothing can be taken for something else. */
function objectKey({ source, involvedObject }: New<Event>): string {
  const { kind, namespace, name, uid, apiVersion } = involvedObject;
  return JSON.stringify([source?.component, source?.host, kind, namespace, name, uid, apiVersion]);
}

function similarKey({ type, reason, reportingComponent, reportingInstance }: New<Event>, about: string): string {
  return about + JSON.stringify([type, reason, reportingComponent, reportingInstance]);
}

function eventKey({ involvedObject, type, reason, message }: New<Event>, about: string): string {
  return about + JSON.stringify([involvedObject.fieldPath, type, reason, message]);
}

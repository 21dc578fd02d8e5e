import { assert } from '@kts/base';
import { SortedKeys } from './sorted-keys.ts';
import type { KeyValue, ListOptions, ListResult, Revision, WatchEvent } from './store.ts';

/** The revision of a store that nothing was ever written to. Like etcd's, so that it is never mistaken for "any". */
export const EMPTY_REVISION: Revision = 1;

/**
 * The state of an embedded store that readers see, with its history since the last compaction. Synchronous and free of
 * I/O. The history is the list of events itself: a state of the past is today's with the events since then undone.
 */
export class Keyspace {
  readonly #current = new Map<string, KeyValue>();
  readonly #keys = new SortedKeys();
  /** Events without a gap; the last one is of `#revision`. */
  #log: WatchEvent[] = [];
  #oldest: Revision;
  #revision: Revision;

  /** @param compacted the revision that a stored history starts after; 0 if it is complete. */
  constructor(compacted: Revision = 0) {
    this.#oldest = compacted;
    this.#revision = Math.max(compacted, EMPTY_REVISION);
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** The oldest revision that can be listed, and watched after. */
  get oldest(): Revision {
    return this.#oldest;
  }

  /** Puts a key as it was at the last compaction, before any event is applied. */
  restore(item: KeyValue): void {
    assert(this.#log.length === 0 && item.revision <= this.#revision, 'restored after the first event');
    this.#set(item);
  }

  /** Makes the next write visible. */
  apply(event: WatchEvent): void {
    assert(revisionOf(event) === this.#revision + 1, 'a write is missing');
    this.#revision += 1;
    this.#log.push(event);
    if (event.type === 'put') this.#set(event.current);
    else this.#delete(event.key);
  }

  get(key: string): KeyValue | undefined {
    return this.#current.get(key);
  }

  count(prefix: string): number {
    return this.#keys.count(prefix, prefixEnd(prefix));
  }

  list(options: ListOptions): ListResult {
    const revision = options.revision ?? this.#revision;
    if (revision > this.#revision) return { ok: false, reason: 'future', oldest: this.#oldest };
    if (revision < this.#oldest) return { ok: false, reason: 'compacted', oldest: this.#oldest };
    const start = options.after === undefined ? options.prefix : maxOf(options.prefix, `${options.after}\0`);
    const limit = options.limit || Infinity;
    return revision === this.#revision
      ? this.#listNow(start, prefixEnd(options.prefix), limit)
      : this.#listThen(start, prefixEnd(options.prefix), limit, revision);
  }

  /** The events on keys with `prefix` after `revision`, which must not be compacted. */
  eventsAfter(revision: Revision, prefix: string): WatchEvent[] {
    const found: WatchEvent[] = [];
    for (let i = this.#logIndex(revision + 1); i < this.#log.length; i++) {
      const event = this.#log[i]!;
      if (keyOf(event).startsWith(prefix)) found.push(event);
    }
    return found;
  }

  /** Forgets what happened up to `revision`. Returns the writes that nobody can see any more. */
  compact(revision: Revision): Revision[] {
    const until = Math.min(revision, this.#revision);
    if (until <= this.#oldest) return [];
    const forgotten = this.#log.splice(0, this.#logIndex(until + 1));
    this.#oldest = until;
    return forgotten.flatMap(supersededBy);
  }

  #listNow(start: string, end: string | undefined, limit: number): ListResult {
    const items = this.#keys.range(start, end, limit).map((key) => this.#current.get(key)!);
    const remaining = limit === Infinity ? 0 : this.#keys.count(start, end) - items.length;
    return { ok: true, items, revision: this.#revision, remaining };
  }

  #listThen(start: string, end: string | undefined, limit: number, revision: Revision): ListResult {
    const changed = this.#changedSince(revision, start, end);
    const deleted: KeyValue[] = [];
    let total = this.#keys.count(start, end);
    for (const [key, then] of changed) {
      const isThere = this.#current.has(key);
      total += (then ? 1 : 0) - (isThere ? 1 : 0);
      if (then && !isThere) deleted.push(then);
    }
    const kept: KeyValue[] = [];
    for (const key of this.#keys.range(start, end, limit + changed.size)) {
      const then = changed.has(key) ? changed.get(key) : this.#current.get(key);
      if (then) kept.push(then);
    }
    const items = (deleted.length === 0 ? kept : [...kept, ...deleted].toSorted(byKey)).slice(0, limit);
    return { ok: true, items, revision, remaining: total - items.length };
  }

  /** Keys in [start, end) that were written after `revision`, each with what it was then. */
  #changedSince(revision: Revision, start: string, end: string | undefined): Map<string, KeyValue | undefined> {
    const changed = new Map<string, KeyValue | undefined>();
    const first = this.#logIndex(revision + 1);
    for (let i = this.#log.length - 1; i >= first; i--) {
      const event = this.#log[i]!;
      const key = keyOf(event);
      if (key >= start && (end === undefined || key < end)) changed.set(key, event.previous);
    }
    return changed;
  }

  /** Where the event of `revision`, or the first one after it, is in the log. */
  #logIndex(revision: Revision): number {
    return Math.max(0, this.#log.length - 1 - (this.#revision - revision));
  }

  #set(item: KeyValue): void {
    if (!this.#current.has(item.key)) this.#keys.add(item.key);
    this.#current.set(item.key, item);
  }

  #delete(key: string): void {
    this.#current.delete(key);
    this.#keys.delete(key);
  }
}

export function revisionOf(event: WatchEvent): Revision {
  return event.type === 'put' ? event.current.revision : event.revision;
}

function keyOf(event: WatchEvent): string {
  return event.type === 'put' ? event.current.key : event.key;
}

/** The writes that no longer count once `event` is the oldest thing known of its key. */
function supersededBy(event: WatchEvent): Revision[] {
  if (event.type === 'delete') return [event.previous.revision, event.revision];
  return event.previous ? [event.previous.revision] : [];
}

/** The smallest string that is larger than every string with `prefix`. */
function prefixEnd(prefix: string): string | undefined {
  if (prefix === '') return undefined;
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function maxOf(a: string, b: string): string {
  return a > b ? a : b;
}

function byKey(a: KeyValue, b: KeyValue): number {
  return a.key < b.key ? -1 : 1;
}

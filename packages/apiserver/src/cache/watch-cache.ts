import type { KubeObject } from '@kts/apimachinery';
import type { KeyValue, Revision, WatchEvent } from '@kts/store';

import type { WatchStreamEvent } from '../response.ts';
import { CacheEvent, entryFrame, unsettledFrame, type EntryView } from './cache-event.ts';
import type { CacheEntry } from './entry.ts';
import { EventRing, type RingLimits } from './event-ring.ts';
import { SortedMap, type Snapshot } from './sorted-map.ts';
import { storedEntry, withResourceVersion, type EntryCodec, type StoredEntry } from './stored-entry.ts';
import { frameFor, Watcher } from './watcher.ts';

/** Objects kept parsed because they were written a moment ago and will soon be read. */
const FRESH_OBJECTS_MAX = 128;
/** Old states kept for clients that are in the middle of a paged list. */
const SNAPSHOTS_MAX = 8;

export interface WatchCacheOptions {
  /** `/registry/pods/`: what all keys of the resource begin with. */
  readonly prefix: string;
  readonly codec: EntryCodec;
  /** A field whose value watches select by so often that watches and entries are found by it (`spec.nodeName`). */
  readonly indexedField?: string;
  readonly fieldOf?: (entry: CacheEntry) => string;
  readonly ring?: RingLimits;
  /** Applied to every object that is handed out; tests freeze. */
  readonly seal?: (object: KubeObject) => void;
}

export interface OpenWatch {
  /** The prefix of the resource or of a namespace in it, which ends in a slash, or one key. */
  readonly scope: string;
  readonly matches?: (entry: CacheEntry) => boolean;
  /** The one value of the indexed field that `matches` lets through. */
  readonly indexedValue?: string;
  readonly view?: EntryView;
  readonly bookmarks: boolean;
  /** Where to start: after a revision, now, or with the present state as ADDED events. */
  readonly from: Revision | 'now' | 'state';
  /** The entries to begin with, where fewer than all are known to be enough. */
  readonly state?: readonly CacheEntry[];
  /** Sent between the initial state and the first event. */
  readonly afterState?: WatchStreamEvent;
}

/**
 * All objects of one stored resource, in memory as the bytes they are stored as, together with their recent history
 * and the open watches. It is synchronous and knows neither store nor time: a feed applies the store's events to it.
 */
export class WatchCache {
  readonly prefix: string;
  readonly #options: WatchCacheOptions;
  readonly #entries = new SortedMap<StoredEntry>();
  #ring: EventRing;
  #revision: Revision = 0;
  readonly #watchers = new Set<Watcher>();
  /** Watches by their scope, and those found by the indexed field's value: an event asks only those it may concern. */
  readonly #byScope = new Map<string, Set<Watcher>>();
  readonly #byValue = new Map<string, Set<Watcher>>();
  /** Watches that have frames to send once the events that came together are applied. */
  #waiting: Watcher[] = [];
  #index: Map<string, Map<string, StoredEntry>> | undefined;
  readonly #written = new Map<string, { readonly bytes: Uint8Array; readonly object: KubeObject }>();
  readonly #fresh: StoredEntry[] = [];
  #freshAt = 0;
  readonly #snapshots = new Map<Revision, Snapshot<StoredEntry>>();

  constructor(options: WatchCacheOptions) {
    this.#options = options;
    this.prefix = options.prefix;
    this.#ring = new EventRing(0, options.ring);
  }

  /** The store's revision that this cache has caught up with. */
  get revision(): Revision {
    return this.#revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Watches may start after this revision or any later one. */
  get floor(): Revision {
    return this.#ring.floor;
  }

  get indexedField(): string | undefined {
    return this.#options.indexedField;
  }

  get watches(): number {
    return this.#watchers.size;
  }

  /** Replaces everything with the state at `revision`. Watches cannot go on and are ended. */
  load(items: Iterable<KeyValue>, revision: Revision): void {
    for (const watcher of this.#watchers) watcher.end();
    this.#entries.clear();
    this.#index = undefined;
    this.#snapshots.clear();
    for (const item of items) this.#entries.set(item.key, storedEntry(item, this.#options.codec));
    this.#ring = new EventRing(revision, this.#options.ring);
    this.#revision = revision;
  }

  /** Events of this resource in order; those that `load` already knew are left out. */
  apply(events: readonly WatchEvent[]): void {
    for (const event of events) {
      const revision = event.type === 'put' ? event.current.revision : event.revision;
      if (revision > this.#revision) this.#applyOne(event, revision);
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const watcher of waiting) watcher.flush();
  }

  /** The store is at `revision`, and all events up to it have been applied. */
  advance(revision: Revision): void {
    if (revision > this.#revision) this.#revision = revision;
  }

  get(key: string): StoredEntry | undefined {
    return this.#entries.get(key);
  }

  /** Entries whose keys begin with `prefix`, after the key `after`. */
  range(prefix: string, after?: string): StoredEntry[] {
    return this.#entries.range(startOf(prefix, after), endOf(prefix));
  }

  /** The same at an older revision, if that state was kept by `keepSnapshot`. */
  rangeAt(revision: Revision, prefix: string, after?: string): StoredEntry[] | undefined {
    if (revision === this.#revision) return this.range(prefix, after);
    return this.#snapshots.get(revision)?.range(startOf(prefix, after), endOf(prefix));
  }

  /** Keeps the present state readable by `rangeAt` for a while: the next pages of a list will ask for it. */
  keepSnapshot(): void {
    if (this.#snapshots.has(this.#revision)) return;
    this.#snapshots.set(this.#revision, this.#entries.snapshot());
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > SNAPSHOTS_MAX) this.#snapshots.delete(oldest!);
  }

  /** Entries by the value of the indexed field. The index is made when it is first asked for. */
  byField(value: string): Iterable<StoredEntry> {
    this.#index ??= this.#makeIndex();
    return this.#index.get(value)?.values() ?? [];
  }

  /** Names the object behind bytes that are about to be written, so that nobody has to parse them. */
  expectWrite(key: string, bytes: Uint8Array, object: KubeObject): void {
    this.#written.set(key, { bytes, object });
  }

  forgetWrite(key: string): void {
    this.#written.delete(key);
  }

  /** Undefined: events after `from` are no longer known. */
  watch(open: OpenWatch): Watcher | undefined {
    const history = typeof open.from === 'number' ? this.#ring.after(open.from) : [];
    if (!history) return undefined;
    const indexed = open.indexedValue !== undefined;
    const groups = indexed ? this.#byValue : this.#byScope;
    const group = open.indexedValue ?? open.scope;
    const watcher: Watcher = new Watcher({
      scope: open.scope,
      ...(open.matches ? { matches: open.matches } : {}),
      ...(open.view ? { view: open.view } : {}),
      bookmarks: open.bookmarks,
      after: Math.max(typeof open.from === 'number' ? open.from : 0, this.#revision),
      backlog: open.from === 'state' ? this.#stateFrames(open) : historyFrames(history, open),
      onClose: () => {
        this.#watchers.delete(watcher);
        leaveGroup(groups, group, watcher);
      },
    });
    joinGroup(groups, group, watcher);
    this.#watchers.add(watcher);
    return watcher;
  }

  /** Sends the same frame to every watch that wants bookmarks. */
  bookmark(frame: (view: EntryView | undefined) => WatchStreamEvent): void {
    for (const watcher of this.#watchers) {
      if (watcher.options.bookmarks) watcher.send(frame(watcher.options.view));
    }
  }

  endWatches(): void {
    for (const watcher of this.#watchers) watcher.end();
  }

  #applyOne(change: WatchEvent, revision: Revision): void {
    const key = change.type === 'put' ? change.current.key : change.key;
    let event: CacheEvent;
    if (change.type === 'put') {
      const entry = storedEntry(change.current, this.#options.codec, this.#takeWritten(change.current));
      if (entry.parsed) this.#hold(entry);
      event = new CacheEvent(revision, entry, this.#entries.set(key, entry));
    } else {
      const previous = this.#entries.delete(key) ?? storedEntry(change.previous, this.#options.codec);
      event = new CacheEvent(revision, undefined, previous);
    }
    this.#revision = revision;
    this.#ring.push(event);
    this.#reindex(event);
    this.#deliver(event);
    event.releaseFrames();
  }

  #deliver(event: CacheEvent): void {
    const { key } = event;
    this.#offer(event, this.#byScope.get(this.prefix));
    const nameAt = key.lastIndexOf('/') + 1;
    if (nameAt > this.prefix.length) this.#offer(event, this.#byScope.get(key.slice(0, nameAt)));
    this.#offer(event, this.#byScope.get(key));
    if (this.#byValue.size === 0) return;
    const now = event.current && this.#valueOf(event.current);
    const before = event.previous && this.#valueOf(event.previous);
    if (now !== undefined) this.#offer(event, this.#byValue.get(now));
    if (before !== undefined && before !== now) this.#offer(event, this.#byValue.get(before));
  }

  #offer(event: CacheEvent, watchers: ReadonlySet<Watcher> | undefined): void {
    if (!watchers) return;
    for (const watcher of watchers) {
      if (inScope(watcher.options.scope, event.key) && watcher.offer(event)) this.#waiting.push(watcher);
    }
  }

  /** The object of our own write, if these are its bytes. */
  #takeWritten(item: KeyValue): KubeObject | undefined {
    const written = this.#written.get(item.key);
    if (!written || (written.bytes !== item.value && Buffer.compare(written.bytes, item.value) !== 0)) return undefined;
    this.#written.delete(item.key);
    const object = withResourceVersion(written.object, item.revision);
    this.#options.seal?.(object);
    return object;
  }

  #hold(entry: StoredEntry): void {
    this.#fresh[this.#freshAt]?.release();
    this.#fresh[this.#freshAt] = entry;
    this.#freshAt = (this.#freshAt + 1) % FRESH_OBJECTS_MAX;
  }

  #valueOf(entry: StoredEntry): string {
    return this.#options.fieldOf?.(entry) ?? '';
  }

  #makeIndex(): Map<string, Map<string, StoredEntry>> {
    const index = new Map<string, Map<string, StoredEntry>>();
    for (const entry of this.range(this.prefix)) indexEntry(index, this.#valueOf(entry), entry);
    return index;
  }

  #reindex(event: CacheEvent): void {
    if (!this.#index) return;
    if (event.previous) {
      const value = this.#valueOf(event.previous);
      const peers = this.#index.get(value);
      peers?.delete(event.key);
      if (peers?.size === 0) this.#index.delete(value);
    }
    if (event.current) indexEntry(this.#index, this.#valueOf(event.current), event.current);
  }

  *#stateFrames(open: OpenWatch): Iterable<WatchStreamEvent> {
    for (const entry of open.state ?? this.range(this.prefix)) {
      if (!inScope(open.scope, entry.key)) continue;
      if (open.view?.selects) yield unsettledFrame(entry, undefined, open.view);
      else if (open.matches?.(entry) ?? true) yield entryFrame('ADDED', entry, open.view);
    }
    if (open.afterState) yield open.afterState;
  }
}

function* historyFrames(events: readonly CacheEvent[], open: OpenWatch): Iterable<WatchStreamEvent> {
  for (const event of events) {
    const frame = inScope(open.scope, event.key) ? frameFor(event, open.matches, open.view) : undefined;
    if (frame) yield frame;
  }
}

function inScope(scope: string, key: string): boolean {
  return scope.endsWith('/') ? key.startsWith(scope) : key === scope;
}

function joinGroup(groups: Map<string, Set<Watcher>>, group: string, watcher: Watcher): void {
  const peers = groups.get(group);
  if (peers) peers.add(watcher);
  else groups.set(group, new Set([watcher]));
}

function leaveGroup(groups: Map<string, Set<Watcher>>, group: string, watcher: Watcher): void {
  const peers = groups.get(group);
  peers?.delete(watcher);
  if (peers?.size === 0) groups.delete(group);
}

function indexEntry(index: Map<string, Map<string, StoredEntry>>, value: string, entry: StoredEntry): void {
  let peers = index.get(value);
  if (!peers) index.set(value, (peers = new Map()));
  peers.set(entry.key, entry);
}

function startOf(prefix: string, after: string | undefined): string {
  return after === undefined || after < prefix ? prefix : `${after}\0`;
}

/** Behind everything that begins with `prefix`. */
function endOf(prefix: string): string {
  return `${prefix}\uffff`;
}

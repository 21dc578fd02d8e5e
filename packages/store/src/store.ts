/**
 * The storage of a cluster: an ordered map of keys with one increasing revision for the whole store. Everything above
 * is written against this page; everything below it passes the suite in `testing/conformance.ts`.
 *
 * Keys follow upstream's layout (`/registry/pods/<namespace>/<name>`), are ASCII, and sort by their bytes. Values are opaque bytes: encoded objects without
 * their resourceVersion, which is the revision of the write.
 */

/**
 * A positive integer, one larger after every write that did not lose; an empty store has one too. 0 is "before
 * anything".
 */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  /** The write that gave the key this value. */
  readonly revision: Revision;
}

export interface ListOptions {
  readonly prefix: string;
  /** Starts after this key (exclusive), to go on with a page. */
  readonly after?: string;
  /** 0 or absent: no limit. */
  readonly limit?: number;
  /** The state at that revision. Absent: now. */
  readonly revision?: Revision;
}

export type ListResult =
  | {
      readonly ok: true;
      readonly items: readonly KeyValue[];
      /** The store's revision that the items are of. */
      readonly revision: Revision;
      /** How many matching keys follow the last item. */
      readonly remaining: number;
    }
  /** That revision has been compacted away, or has not happened yet. */
  | { readonly ok: false; readonly reason: 'compacted' | 'future'; readonly oldest: Revision };

/** A lost race is a value: the caller reads `current` and decides. */
export type WriteResult =
  | { readonly ok: true; readonly revision: Revision; readonly previous?: KeyValue }
  | { readonly ok: false; readonly current: KeyValue | undefined };

export interface PutOptions {
  /** The revision the key must have; 0: it must not exist; absent: anything goes. */
  readonly expect?: Revision;
  /** The key is deleted that many seconds after its last put. */
  readonly ttlSeconds?: number;
}

export type WatchEvent =
  | { readonly type: 'put'; readonly current: KeyValue; readonly previous: KeyValue | undefined }
  /** `revision` is of the deletion; `previous` is what was deleted. */
  | { readonly type: 'delete'; readonly key: string; readonly revision: Revision; readonly previous: KeyValue };

export interface WatchOptions {
  readonly prefix: string;
  /** The first event is the one after this revision. */
  readonly after: Revision;
}

export interface WatchHandler {
  /**
   * Events in order of revision, none left out; without any, the call says only how far the watch has come. `revision` is
   * that: the last event's, or a later one without events for this prefix. This is called before the write that caused the
   * events resolves, so whoever has written also finds what it wrote in a cache fed by this. Must not throw.
   */
  onEvents(events: readonly WatchEvent[], revision: Revision): void;
  /** The last call: the watch cannot go on (`compacted`: list again), or the store was closed. */
  onEnd(reason: 'compacted' | 'closed'): void;
}

/** After `close` every call rejects with StoreClosedError, and a watch ends as `closed`. */
export interface Store {
  get(key: string): Promise<KeyValue | undefined>;
  list(options: ListOptions): Promise<ListResult>;
  count(prefix: string): Promise<number>;
  /** Resolves once the write is as durable as the store can make it (for SQLite: on disk). */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<WriteResult>;
  /** Deleting a key that does not exist is `ok: false` with no current. */
  delete(key: string, options?: { readonly expect?: Revision }): Promise<WriteResult>;
  /** `onEvents` is never called during this call. */
  watch(options: WatchOptions, handler: WatchHandler): { close(): void };
  /** The newest revision that reads can see. A watch of everything has come, or comes, as far as that. */
  revision(): Promise<Revision>;
  /** Forgets history at and before `revision`: lists at, and watches after, an older one answer `compacted`. */
  compact(revision: Revision): Promise<void>;
  /** Completes the writes that were started, lets watches see them, and ends those. */
  close(): Promise<void>;
}

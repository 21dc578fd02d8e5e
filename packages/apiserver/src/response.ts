import type { TableColumnDefinition } from '@kts/apimachinery';

import type { CacheEntry } from './cache/entry.ts';
import type { ApiServerRequest } from './request.ts';

/**
 * What a handler answers. Only the outermost layer encodes, and only for HTTP: in process the objects themselves are
 * handed over. Answers that come from the cache carry its entries, whose bytes are sent as they are.
 */
export type ApiServerResponse =
  /** An object that was made for this answer, such as a Status, a Table or a list of discovery. */
  | { readonly kind: 'object'; readonly status: number; readonly object: object; readonly headers?: Headers }
  /** A stored object: JSON bytes are already there, other encodings are made from the object. */
  | { readonly kind: 'entry'; readonly status: number; readonly entry: CacheEntry; readonly headers?: Headers }
  /** A list of stored objects, streamed in chunks without ever being one string. */
  | { readonly kind: 'list'; readonly list: EntryList }
  | { readonly kind: 'watch'; readonly watch: WatchStream }
  /** Bytes of any media type, at once or as a stream. */
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly contentType: string;
      readonly body: Uint8Array | AsyncIterable<Uint8Array>;
      readonly headers?: Headers;
      /** A stream that a client may ask to get as messages of a WebSocket. */
      readonly overWebSocket?: boolean;
    }
  /** The handler has taken over the connection (WebSocket); nothing is written any more. */
  | { readonly kind: 'taken' };

/** A list stands for a header that comes several times. */
export type Headers = Readonly<Record<string, string | string[]>>;

export interface EntryList {
  readonly apiVersion: string;
  readonly listKind: string;
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
  /** Only of tables, whose entries are rows. */
  readonly columnDefinitions?: readonly TableColumnDefinition[];
  readonly entries: readonly ListEntry[];
}

/** An entry of the cache, or what a client wants to see of it. */
export type ListEntry = Pick<CacheEntry, 'jsonItemPieces'> & { object(): object };

/** An open watch. Every event's bytes are encoded once, however many watches it goes to. */
export interface WatchStream {
  /** Starts delivery; called once. `end` is called once, after the last event. */
  start(sink: WatchSink): void;
  /** The sink takes events again, after a `send` that answered false. */
  drained(): void;
  /** The client went away. */
  close(): void;
  /** Calls back once, when the watch has ended from either side. */
  onEnd(listener: () => void): void;
}

export interface WatchSink {
  /** Events in order. `true`: go on; `false`: the client is slow, wait for `drained`. */
  send(events: readonly WatchStreamEvent[]): boolean;
  end(): void;
}

export interface WatchStreamEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** The object after (for DELETED: before, with the revision of the deletion). */
  readonly object: () => object;
  /** `{"type":...,"object":...}` and a line feed, made on first use and shared. */
  readonly jsonFrame: () => Uint8Array;
  /** Resolves when the object can be made. Absent or nothing: at once. */
  readonly ready?: () => Promise<void> | undefined;
  /** What is sent once it is ready, if anything: the object may have to be made to find out. Absent: the event itself. */
  readonly settled?: () => WatchStreamEvent | undefined;
}

export type Handler = (request: ApiServerRequest) => Promise<ApiServerResponse>;

/** One named stage of the chain: does its part, then calls the next or answers itself. */
export type Stage = (next: Handler) => Handler;

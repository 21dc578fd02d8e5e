import type { Revision } from '@kts/store';

import type { WatchSink, WatchStream, WatchStreamEvent } from '../response.ts';
import { shownType, unsettledFrame, type CacheEvent, type EntryView } from './cache-event.ts';
import type { CacheEntry } from './entry.ts';

/** Frames that a client may be behind before its watch is ended; it then starts again from where it was. */
export const WATCH_BACKLOG_FRAMES_MAX = 16_384;
/** Frames sent in one turn of the event loop while catching up. */
const CATCH_UP_FRAMES = 256;

export interface WatcherOptions {
  /** What the watch is about: the prefix of the resource or of a namespace in it, which ends in a slash, or one key. */
  readonly scope: string;
  /** The selectors. Absent: everything matches. */
  readonly matches?: (entry: CacheEntry) => boolean;
  readonly view?: EntryView;
  readonly bookmarks: boolean;
  /** Events up to this revision are not for this watch. */
  readonly after: Revision;
  /** Frames to send first: the initial state, or what has happened since `after`. */
  readonly backlog: Iterable<WatchStreamEvent>;
  readonly onClose: () => void;
}

/** What a change looks like to a watch. */
export function frameFor(
  event: CacheEvent,
  matches: ((entry: CacheEntry) => boolean) | undefined,
  view: EntryView | undefined,
): WatchStreamEvent | undefined {
  if (view?.selects) return unsettledFrame(event.current, event.previous?.at(event.revision), view);
  const now = event.current !== undefined && (matches?.(event.current) ?? true);
  const before = event.previous !== undefined && (matches?.(event.previous) ?? true);
  const type = shownType(now, before);
  return type && event.frame(type, view);
}

/** One open watch: turns events into frames and hands them on as fast as the client takes them. */
export class Watcher implements WatchStream {
  readonly options: WatcherOptions;
  readonly #catchUp: Iterator<WatchStreamEvent>;
  #caughtUp = false;
  #queue: WatchStreamEvent[] = [];
  readonly #endListeners: (() => void)[] = [];
  #sink: WatchSink | undefined;
  #blocked = false;
  #pumping = false;
  #ending = false;
  #closed = false;

  constructor(options: WatcherOptions) {
    this.options = options;
    this.#catchUp = options.backlog[Symbol.iterator]();
  }

  start(sink: WatchSink): void {
    this.#sink = sink;
    this.#pump();
  }

  drained(): void {
    this.#blocked = false;
    this.#pump();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.options.onClose();
    for (const listener of this.#endListeners) listener();
  }

  onEnd(listener: () => void): void {
    this.#endListeners.push(listener);
  }

  /**
   * Called for every event in the watch's scope, in order. `true`: frames have begun to wait; `flush` is to be called
   * once the events that came together have all been offered, so that a client gets them in one piece.
   */
  offer(event: CacheEvent): boolean {
    if (event.revision <= this.options.after || this.#closed || this.#ending) return false;
    const frame = frameFor(event, this.options.matches, this.options.view);
    return frame !== undefined && this.#queue.push(frame) === 1;
  }

  /** Sends what waits, if the client takes it. */
  flush(): void {
    if (this.#queue.length > WATCH_BACKLOG_FRAMES_MAX) {
      this.#queue = [];
      this.end();
    } else this.#pump();
  }

  send(frame: WatchStreamEvent): void {
    if (this.#closed || this.#ending) return;
    this.#queue.push(frame);
    this.flush();
  }

  /** Ends the watch from the server's side, after what is queued. */
  end(): void {
    this.#ending = true;
    this.#pump();
  }

  #pump(): void {
    const sink = this.#sink;
    if (!sink || this.#pumping || this.#blocked || this.#closed) return;
    if (!this.#caughtUp) {
      this.#sendCatchUp(sink);
      return;
    }
    while (this.#queue.length > 0 && !this.#blocked) {
      const frames = this.#queue;
      this.#queue = [];
      this.#blocked = !sink.send(frames);
    }
    if (!this.#ending || this.#queue.length > 0) return;
    sink.end();
    this.close();
  }

  /** A part of the backlog, then the rest in later turns: other requests go on in between. */
  #sendCatchUp(sink: WatchSink): void {
    const frames: WatchStreamEvent[] = [];
    while (frames.length < CATCH_UP_FRAMES) {
      const next = this.#catchUp.next();
      if (next.done) {
        this.#caughtUp = true;
        break;
      }
      frames.push(next.value);
    }
    if (frames.length > 0) this.#blocked = !sink.send(frames);
    if (this.#caughtUp) {
      this.#pump();
      return;
    }
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }
}

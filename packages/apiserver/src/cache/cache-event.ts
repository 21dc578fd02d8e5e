import type { KubeObject } from '@kts/apimachinery';
import type { Revision } from '@kts/store';

import type { WatchStreamEvent } from '../response.ts';
import type { CacheEntry } from './entry.ts';
import type { StoredEntry } from './stored-entry.ts';

/** Another form of stored objects that a watch asks for: another version, a table, metadata only. */
export interface EntryView {
  /** Watches with the same id share what was made for one of them. */
  readonly id: string;
  /** The object to show. It is not an entry of the cache any more, so its JSON is made from it. */
  readonly object: (entry: CacheEntry) => object;
  /** Resolves when the object can be made. Absent or nothing: at once. */
  readonly ready?: (entry: CacheEntry) => Promise<void> | undefined;
  /** Which entries are shown, where only the object to show can tell. Absent: all that the watch's selectors match. */
  readonly selects?: (entry: CacheEntry) => boolean;
  /** Absent: bookmarks are objects of the resource. */
  readonly bookmark?: (object: KubeObject) => object;
}

type FrameType = 'ADDED' | 'MODIFIED' | 'DELETED';

const encoder = new TextEncoder();
const LINE_END = encoder.encode('}\n');

/** One change of one stored object, with the frames that watches share. */
export class CacheEvent {
  readonly revision: Revision;
  readonly key: string;
  readonly current: StoredEntry | undefined;
  readonly previous: StoredEntry | undefined;
  #frames: Map<string, WatchStreamEvent> | undefined;

  constructor(revision: Revision, current: StoredEntry | undefined, previous: StoredEntry | undefined) {
    this.revision = revision;
    this.key = (current ?? previous)!.key;
    this.current = current;
    this.previous = previous;
  }

  /** Bytes that only this event may be keeping alive. */
  get size(): number {
    return (this.current ?? this.previous)!.size;
  }

  /** The frame for watches that see the change as `type`: encoded once for all watches of the same view. */
  frame(type: FrameType, view?: EntryView): WatchStreamEvent {
    const id = view ? `${type} ${view.id}` : type;
    this.#frames ??= new Map();
    let frame = this.#frames.get(id);
    if (!frame) {
      const entry = type === 'DELETED' ? this.previous!.at(this.revision) : this.current!;
      frame = entryFrame(type, entry, view);
      this.#frames.set(id, frame);
    }
    return frame;
  }

  /**
   * Called when the event has been offered to every watch: those that have not sent it yet hold the frame themselves, and
   * an event that only waits to become history needs no second copy of its bytes.
   */
  releaseFrames(): void {
    this.#frames = undefined;
  }
}

/** A frame that shows one entry. */
export function entryFrame(type: FrameType, entry: CacheEntry, view?: EntryView): WatchStreamEvent {
  if (view) {
    const { ready } = view;
    const frame = objectFrame(type, () => view.object(entry));
    return ready ? { ...frame, ready: () => ready(entry) } : frame;
  }
  let bytes: Uint8Array | undefined;
  return {
    type,
    object: () => entry.object(),
    jsonFrame: () =>
      (bytes ??= concat([encoder.encode(`{"type":"${type}","object":`), ...entry.jsonPieces(), LINE_END])),
  };
}

/** A frame of which only the objects to show say as what it is sent, if at all. */
export function unsettledFrame(
  current: CacheEntry | undefined,
  previous: CacheEntry | undefined,
  view: EntryView,
): WatchStreamEvent {
  const entry = (current ?? previous)!;
  const isSelected = (one: CacheEntry | undefined): boolean => one !== undefined && (view.selects?.(one) ?? true);
  return {
    ...objectFrame(current ? 'MODIFIED' : 'DELETED', () => view.object(entry)),
    ready: async () => {
      await Promise.all([current, previous].map(async (one) => one && view.ready?.(one)));
    },
    settled: () => {
      const type = shownType(isSelected(current), isSelected(previous));
      return type && objectFrame(type, () => view.object(type === 'DELETED' ? previous! : current!));
    },
  };
}

/**
 * What a change looks like through a selector: an object that begins to match is ADDED, one that ceases to is DELETED
 * as it was before.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go convertToWatchEvent (v1.36)
 */
export function shownType(matchesNow: boolean, matchedBefore: boolean): FrameType | undefined {
  if (matchesNow) return matchedBefore ? 'MODIFIED' : 'ADDED';
  return matchedBefore ? 'DELETED' : undefined;
}

/** A frame with an object that was made for it. */
export function objectFrame(type: WatchStreamEvent['type'], make: () => object): WatchStreamEvent {
  let object: object | undefined;
  let bytes: Uint8Array | undefined;
  const made = (): object => (object ??= make());
  return {
    type,
    object: made,
    jsonFrame: () => (bytes ??= encoder.encode(`${JSON.stringify({ type, object: made() })}\n`)),
  };
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

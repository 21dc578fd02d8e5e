import type { Store, WatchEvent, WatchOptions } from '../store.ts';

/** A watch whose events are kept. */
export interface WatchRecord {
  /** What was delivered so far, one line an event: `put /a 7` or `delete /a 8`. */
  readonly lines: readonly string[];
  readonly events: readonly WatchEvent[];
  /** The revision that the last call gave. */
  readonly revision: number;
  /** Resolves once `count` events were delivered. */
  delivered(count: number): Promise<void>;
  /** Resolves with the reason of `onEnd`. */
  readonly ended: Promise<'compacted' | 'closed'>;
  close(): void;
}

/** Starts a watch and keeps what it delivers. */
export function recordWatch(store: Store, options: WatchOptions): WatchRecord {
  const events: WatchEvent[] = [];
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const end = Promise.withResolvers<'compacted' | 'closed'>();
  let revision = 0;
  const watch = store.watch(options, {
    onEvents: (batch, upTo) => {
      events.push(...batch);
      revision = upTo;
      for (const [count, { resolve }] of waiting) if (events.length >= count) resolve();
    },
    onEnd: end.resolve,
  });
  return {
    events,
    get lines() {
      return events.map(formatEvent);
    },
    get revision() {
      return revision;
    },
    delivered: async (count) => {
      if (events.length < count) await waiting.getOrInsertComputed(count, () => Promise.withResolvers<void>()).promise;
    },
    ended: end.promise,
    close: () => watch.close(),
  };
}

function formatEvent(event: WatchEvent): string {
  return event.type === 'put'
    ? `put ${event.current.key} ${event.current.revision}`
    : `delete ${event.key} ${event.revision}`;
}

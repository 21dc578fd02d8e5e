import type { Keyspace } from './keyspace.ts';
import type { Revision, WatchHandler, WatchOptions } from './store.ts';

interface Watcher {
  readonly prefix: string;
  readonly handler: WatchHandler;
  /** Everything up to here was delivered. */
  position: Revision;
}

/**
 * The watches of an embedded store. Each watcher is a position in the keyspace's history, and `publish` brings all of
 * them up to the present: a watch from an old revision and one from now are the same thing.
 */
export class WatchHub {
  readonly #keyspace: Keyspace;
  readonly #watchers = new Set<Watcher>();
  #delivering = false;
  #ended = false;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  watch(options: WatchOptions, handler: WatchHandler): { close(): void } {
    const watcher: Watcher = { prefix: options.prefix, handler, position: options.after };
    this.#watchers.add(watcher);
    queueMicrotask(() => this.publish());
    return { close: () => void this.#watchers.delete(watcher) };
  }

  /**
   * Delivers what is new in the keyspace. A handler may write: the call from inside a handler returns at once, and the
   * outer one goes round again, so that every watcher sees all events in order.
   */
  publish(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      let revision: Revision;
      do {
        revision = this.#keyspace.revision;
        for (const watcher of this.#watchers) this.#deliver(watcher);
      } while (this.#keyspace.revision > revision);
    } finally {
      this.#delivering = false;
    }
    if (this.#ended) this.#endAll();
  }

  /** Delivers what is left and ends every watch, also those that are started later. */
  end(): void {
    this.#ended = true;
    this.publish();
  }

  #deliver(watcher: Watcher): void {
    const { revision, oldest } = this.#keyspace;
    if (watcher.position < oldest) {
      this.#watchers.delete(watcher);
      watcher.handler.onEnd('compacted');
    } else if (watcher.position < revision) {
      const events = this.#keyspace.eventsAfter(watcher.position, watcher.prefix);
      watcher.position = revision;
      if (events.length > 0) watcher.handler.onEvents(events, revision);
    }
  }

  #endAll(): void {
    for (const watcher of this.#watchers) {
      this.#watchers.delete(watcher);
      watcher.handler.onEnd('closed');
    }
  }
}

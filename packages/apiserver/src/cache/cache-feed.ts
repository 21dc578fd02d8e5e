import { childSignal, type Logger } from '@kts/base';
import type { KeyValue, Revision, Store, WatchEvent } from '@kts/store';

import type { WatchCache } from './watch-cache.ts';

/** What all keys of the API begin with. */
export const REGISTRY = '/registry/';
/** Objects read from the store in one piece while a cache is loaded. */
const LOAD_PAGE_KEYS = 1_000;

/**
 * Keeps caches up with the store: one watch over all keys, whose events go to the cache of their resource. Because it
 * sees every write, its revision is that of the whole store, and a cache without events is as new as any other.
 */
export class CacheFeed {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #caches = new Map<string, FedCache>();
  readonly #waiting = new Set<{ readonly revision: Revision; readonly resolve: () => void }>();
  #revision: Revision = 0;
  #watch: { close(): void } | undefined;
  #closed = false;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** The revision up to which every event has been applied. */
  get revision(): Revision {
    return this.#revision;
  }

  async start(): Promise<void> {
    this.#revision = await this.#store.revision();
    this.#watch = this.#store.watch(
      { prefix: REGISTRY, after: this.#revision },
      { onEvents: (events, revision) => this.#apply(events, revision), onEnd: (reason) => this.#ended(reason) },
    );
  }

  /** Ends all watches: clients connect again elsewhere. */
  close(): void {
    this.#closed = true;
    this.#watch?.close();
    for (const { cache } of this.#caches.values()) cache.endWatches();
  }

  /** Feeds `cache` from its first use on. */
  add(cache: WatchCache): void {
    this.#caches.set(cache.prefix, { cache, early: [], state: 'new', loading: undefined });
  }

  remove(cache: WatchCache): void {
    this.#caches.delete(cache.prefix);
    cache.endWatches();
  }

  /** Resolves when the cache holds the whole resource. Cheap once it does. */
  ready(cache: WatchCache): Promise<void> | undefined {
    const fed = this.#caches.get(cache.prefix);
    if (!fed || fed.state === 'loaded') return undefined;
    return (fed.loading ??= this.#load(fed));
  }

  /**
   * Resolves when the caches show at least `revision`. Embedded stores deliver before a write resolves, so nobody
   * waits there.
   */
  async caughtUp(revision: Revision, signal: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return;
    using child = childSignal(signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { revision, resolve };
    this.#waiting.add(waiting);
    child.signal.addEventListener('abort', () => reject(child.signal.reason as Error), { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  async #load(fed: FedCache): Promise<void> {
    fed.state = 'loading';
    try {
      const { items, revision } = await this.#listAll(fed.cache.prefix);
      fed.cache.load(items, revision);
      fed.cache.apply(fed.early);
      fed.cache.advance(this.#revision);
      fed.early = [];
      fed.state = 'loaded';
    } catch (error) {
      fed.state = 'new';
      throw error;
    } finally {
      fed.loading = undefined;
    }
  }

  async #listAll(prefix: string): Promise<{ items: KeyValue[]; revision: Revision }> {
    const items: KeyValue[] = [];
    let revision: Revision | undefined;
    let after: string | undefined;
    for (;;) {
      const page = await this.#store.list({
        prefix,
        limit: LOAD_PAGE_KEYS,
        ...(after === undefined ? {} : { after }),
        ...(revision === undefined ? {} : { revision }),
      });
      if (!page.ok) return this.#listAll(prefix);
      items.push(...page.items);
      revision ??= page.revision;
      if (page.remaining === 0 || page.items.length === 0) return { items, revision };
      after = page.items.at(-1)!.key;
    }
  }

  #apply(events: readonly WatchEvent[], revision: Revision): void {
    for (let at = 0; at < events.length;) {
      const fed = this.#cacheFor(keyOf(events[at]!));
      let end = at + 1;
      while (end < events.length && this.#cacheFor(keyOf(events[end]!)) === fed) end++;
      const own = events.slice(at, end);
      if (fed?.state === 'loaded') fed.cache.apply(own);
      else if (fed?.state === 'loading') fed.early.push(...own);
      at = end;
    }
    this.#revision = revision;
    for (const fed of this.#caches.values()) if (fed.state === 'loaded') fed.cache.advance(revision);
    for (const waiting of this.#waiting) if (waiting.revision <= revision) waiting.resolve();
  }

  /** Prefixes have one segment or two: `pods/`, `services/specs/`, and `<group>/<plural>/` of custom resources. */
  #cacheFor(key: string): FedCache | undefined {
    const first = key.indexOf('/', REGISTRY.length) + 1;
    const second = key.indexOf('/', first) + 1;
    return (second > 0 ? this.#caches.get(key.slice(0, second)) : undefined) ?? this.#caches.get(key.slice(0, first));
  }

  #ended(reason: 'compacted' | 'closed'): void {
    if (this.#closed || reason === 'closed') return;
    this.#log.warn('the store forgot history that the caches still needed; loading them again');
    for (const fed of this.#caches.values()) {
      fed.cache.endWatches();
      fed.state = 'new';
    }
    this.start().catch((error: unknown) => this.#log.error('cannot watch the store', { error }));
  }
}

interface FedCache {
  readonly cache: WatchCache;
  /** Events that came while the cache was being loaded. */
  early: WatchEvent[];
  state: 'new' | 'loading' | 'loaded';
  loading: Promise<void> | undefined;
}

function keyOf(event: WatchEvent): string {
  return event.type === 'put' ? event.current.key : event.key;
}

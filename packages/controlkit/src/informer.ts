import { apiVersionOf, keyText, type KubeObject, type ObjectKey, type ResourceType } from '@kts/apimachinery';
import type { Clock, Logger, Random } from '@kts/base';
import type { Client, Selection, WatchEvent } from '@kts/client';

import { ObjectCache, type Change, type IndexKeys } from './object-cache.ts';
import {
  initialReflectorState,
  isExpired,
  stepReflector,
  type ReflectorInput,
  type ReflectorState,
} from './reflector-state.ts';

/** Called synchronously and in the order of the changes, after the cache has changed. */
export interface InformerHandlers<T> {
  readonly onAdd?: (object: T) => void;
  readonly onUpdate?: (old: T, object: T) => void;
  /** The object's last known state: its final one, unless the deletion happened while the watch was broken. */
  readonly onDelete?: (object: T) => void;
}

/** A live copy of one resource's objects. All objects carry kind and apiVersion; they are shared and immutable. */
export interface Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** By key or its text (`namespace/name`). */
  get(key: ObjectKey | string): T | undefined;
  list(namespace?: string): readonly T[];
  byIndex(index: string, value: string): readonly T[];
  /** Idempotent by name. `keysOf` must depend on the object alone. */
  addIndex(name: string, keysOf: IndexKeys<T>): void;
  /** Objects already there are given to `onAdd` at once. Returns how to unsubscribe. */
  subscribe(handlers: InformerHandlers<T>): () => void;
  readonly hasSynced: boolean;
  /** Resolves after the first list is in the cache and its handlers were called, or when the informer was stopped before. */
  readonly synced: Promise<void>;
  /** Of the last list, event or bookmark. */
  readonly resourceVersion: string;
}

export interface InformerDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Watches are renewed after this time, up to doubled by chance so that they do not all end together. */
const WATCH_TIMEOUT_SECONDS = 300;

/** One reflector with its cache: `run` keeps the cache up to date. Made by `Informers`, which shares them. */
export class ReflectingInformer<T extends KubeObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  readonly #selection: Selection;
  readonly #deps: InformerDependencies;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<InformerHandlers<T>>();
  readonly #firstSync = Promise.withResolvers<void>();
  #hasSynced = false;
  #resourceVersion = '';

  constructor(type: ResourceType<T>, selection: Selection, deps: InformerDependencies) {
    this.type = type;
    this.#selection = selection;
    this.#deps = { ...deps, log: deps.log.with({ resource: type.plural }) };
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }
  get synced(): Promise<void> {
    return this.#firstSync.promise;
  }
  get resourceVersion(): string {
    return this.#resourceVersion;
  }
  get(key: ObjectKey | string): T | undefined {
    return this.#cache.get(key);
  }
  list(namespace?: string): readonly T[] {
    return this.#cache.list(namespace);
  }
  byIndex(index: string, value: string): readonly T[] {
    return this.#cache.byIndex(index, value);
  }
  addIndex(name: string, keysOf: IndexKeys<T>): void {
    this.#cache.addIndex(name, keysOf);
  }

  subscribe(handlers: InformerHandlers<T>): () => void {
    for (const object of this.#cache.list()) this.#notify(handlers, { type: 'add', object });
    this.#handlers.add(handlers);
    return () => void this.#handlers.delete(handlers);
  }

  /** Ends when the signal is aborted, and then only; errors are logged and retried. */
  async run(signal: AbortSignal): Promise<void> {
    let state = initialReflectorState;
    while (!signal.aborted) {
      const input = await this.#perform(state, signal);
      if (signal.aborted) break;
      state = stepReflector(state, input, this.#deps.clock.monotonic(), this.#deps.random.next());
    }
    this.#firstSync.resolve();
  }

  async #perform(state: ReflectorState, signal: AbortSignal): Promise<ReflectorInput> {
    switch (state.phase) {
      case 'list':
        return this.#list(state.from, signal);
      case 'watch':
        return this.#watch(state.resourceVersion, signal);
      case 'wait':
        await this.#deps.clock.sleep(state.ms, signal).catch(() => {});
        return { type: 'waited' };
    }
  }

  async #list(from: string, signal: AbortSignal): Promise<ReflectorInput> {
    const { client, log } = this.#deps;
    try {
      const list = from
        ? await client.list(this.type, { ...this.#selection, resourceVersion: from, signal })
        : await client.listAll(this.type, { ...this.#selection, signal });
      signal.throwIfAborted();
      this.#resourceVersion = list.metadata.resourceVersion ?? '';
      const objects = list.items.map((item) => withType(this.type, item));
      for (const change of this.#cache.replace(objects)) this.#notifyAll(change);
      this.#hasSynced = true;
      this.#firstSync.resolve();
      return { type: 'listed', resourceVersion: this.#resourceVersion };
    } catch (error) {
      if (!signal.aborted && !isExpired(error)) log.warn('list failed', { error });
      return { type: 'list failed', error };
    }
  }

  async #watch(from: string, signal: AbortSignal): Promise<ReflectorInput> {
    const { client, clock, random, log } = this.#deps;
    const started = clock.monotonic();
    const timeoutSeconds = Math.floor(WATCH_TIMEOUT_SECONDS * (1 + random.next()));
    let events = 0;
    try {
      const watch = { ...this.#selection, resourceVersion: from, allowWatchBookmarks: true, timeoutSeconds, signal };
      for await (const event of client.watch(this.type, watch)) {
        events++;
        this.#apply(event);
      }
      return {
        type: 'watch ended',
        resourceVersion: this.#resourceVersion,
        events,
        lastedMs: clock.monotonic() - started,
      };
    } catch (error) {
      if (!isExpired(error)) log.warn('watch failed', { error });
      return { type: 'watch failed', resourceVersion: this.#resourceVersion, error };
    }
  }

  #apply(event: WatchEvent<T>): void {
    const { metadata } = event.object;
    this.#resourceVersion = metadata.resourceVersion;
    if (event.type === 'BOOKMARK') return;
    const changes =
      event.type === 'DELETED'
        ? this.#cache.delete(keyText(metadata), event.object)
        : this.#cache.put(withType(this.type, event.object));
    for (const change of changes) this.#notifyAll(change);
  }

  #notifyAll(change: Change<T>): void {
    for (const handlers of this.#handlers) this.#notify(handlers, change);
  }

  /** A handler that throws is a bug of its owner and must not stop the cache of everybody. */
  #notify(handlers: InformerHandlers<T>, change: Change<T>): void {
    try {
      if (change.type === 'add') handlers.onAdd?.(change.object);
      else if (change.type === 'update') handlers.onUpdate?.(change.old, change.object);
      else handlers.onDelete?.(change.object);
    } catch (error) {
      this.#deps.log.error('a handler failed', { error, change: change.type, object: keyText(change.object.metadata) });
    }
  }
}

/** Items of lists have no kind and apiVersion over HTTP. */
function withType<T extends KubeObject>(type: ResourceType<T>, object: T): T {
  return object.kind && object.apiVersion ? object : { apiVersion: apiVersionOf(type), kind: type.kind, ...object };
}

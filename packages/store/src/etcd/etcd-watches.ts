import type { Clock, Logger, Timer } from '@kts/base';
import type { DuplexStream } from '@kts/grpc';

import type { KeyValue, Revision, WatchEvent, WatchHandler, WatchOptions } from '../store.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { EtcdKeys } from './etcd-keys.ts';
import {
  decodeWatch,
  encodeWatchCancel,
  encodeWatchCreate,
  type EtcdEvent,
  type EtcdKeyValue,
  type WatchResponse,
} from './etcd-messages.ts';

const WATCH = '/etcdserverpb.Watch/Watch';
const RETRY_MS = 200;
/** Writes do not wait any longer for watches that have lost etcd. */
const LOST_MS_MAX = 2_000;

interface Watcher {
  readonly id: number;
  readonly prefix: string;
  readonly handler: WatchHandler;
  /** Everything up to here was delivered. */
  position: Revision;
}

interface Waiting {
  readonly key: string;
  readonly revision: Revision;
  readonly resolve: () => void;
}

export interface EtcdWatchesDeps {
  readonly client: EtcdClient;
  readonly keys: EtcdKeys;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The watches of an etcd store, all on one stream. When the stream breaks, each goes on from its position on the next
 * one, so that no watch notices unless etcd has forgotten what it missed.
 */
export class EtcdWatches {
  readonly #deps: EtcdWatchesDeps;
  readonly #watchers = new Map<number, Watcher>();
  readonly #waiting = new Set<Waiting>();
  #lastId = 0;
  #stream: DuplexStream | undefined;
  #opening = false;
  #ended = false;
  /** Runs while there is no stream. */
  #lostTimer: Timer | undefined;
  #isLost = false;

  constructor(deps: EtcdWatchesDeps) {
    this.#deps = deps;
  }

  watch({ prefix, after }: WatchOptions, handler: WatchHandler): { close(): void } {
    const watcher: Watcher = { id: ++this.#lastId, prefix, handler, position: after };
    this.#watchers.set(watcher.id, watcher);
    if (this.#ended) queueMicrotask(() => this.#endAll());
    else if (this.#stream) this.#create(this.#stream, watcher);
    else void this.#open();
    return {
      close: () => {
        if (this.#watchers.delete(watcher.id)) this.#stream?.send(encodeWatchCancel(watcher.id));
        this.#release();
      },
    };
  }

  /**
   * Resolves when every watch that the write of a key concerns has delivered it, or has lost etcd.
   *
   * @param key in etcd
   */
  delivered(key: string, revision: Revision): Promise<void> | undefined {
    if (!this.#isBehind(key, revision)) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ key, revision, resolve });
    return promise;
  }

  /** Ends every watch, also those that are started later. */
  end(): void {
    this.#ended = true;
    this.#lostTimer?.cancel();
    this.#stream?.close();
    this.#stream = undefined;
    this.#endAll();
  }

  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    const { client, clock, log } = this.#deps;
    for (let failures = 0; !this.#ended && this.#watchers.size > 0; failures++) {
      try {
        const stream: DuplexStream = await client.duplex(WATCH, {
          onMessage: (message) => this.#receive(decodeWatch(message)),
          onEnd: (error) => this.#lost(stream, error),
        });
        if (this.#ended) stream.close();
        else this.#use(stream);
        break;
      } catch (error) {
        if (failures === 0 && !this.#ended) log.warn('cannot watch etcd; trying again', { error });
        await clock.sleep(RETRY_MS);
      }
    }
    this.#opening = false;
  }

  #use(stream: DuplexStream): void {
    this.#stream = stream;
    this.#lostTimer?.cancel();
    this.#isLost = false;
    for (const watcher of this.#watchers.values()) this.#create(stream, watcher);
  }

  #create(stream: DuplexStream, { id, prefix, position }: Watcher): void {
    stream.send(encodeWatchCreate({ id, ...this.#deps.keys.watchedRange(prefix), start: position + 1 }));
  }

  #lost(stream: DuplexStream, error: Error | undefined): void {
    if (this.#stream !== stream || this.#ended) return;
    this.#stream = undefined;
    const { clock, log } = this.#deps;
    log.warn('the watch of etcd broke; starting it again', { error });
    this.#lostTimer = clock.after(LOST_MS_MAX, () => {
      this.#isLost = true;
      this.#release();
    });
    void this.#open();
  }

  #receive(response: WatchResponse): void {
    const watcher = this.#watchers.get(response.id);
    if (!watcher) return;
    if (response.canceled) this.#canceled(watcher, response);
    else if (!response.created) this.#deliver(watcher, response);
    this.#release();
  }

  #canceled(watcher: Watcher, { compactRevision, cancelReason }: WatchResponse): void {
    if (compactRevision > 0) {
      this.#watchers.delete(watcher.id);
      watcher.handler.onEnd('compacted');
      return;
    }
    // A member without a leader, for one: all watches begin again on a new stream, with another member if there is one.
    const { log } = this.#deps;
    log.warn('etcd canceled a watch; starting it again', { reason: cancelReason });
    this.#stream?.close();
    this.#stream = undefined;
    this.#deps.client.giveUp();
    void this.#open();
  }

  /** A response without events says how far etcd has come. */
  #deliver(watcher: Watcher, { events: all, revision }: WatchResponse): void {
    const { keys } = this.#deps;
    const prefix = keys.prefixInEtcd(watcher.prefix);
    const events: WatchEvent[] = [];
    for (const event of all) {
      if (event.item.modRevision <= watcher.position || !event.item.key.startsWith(prefix)) continue;
      const decoded = this.#decode(event);
      if (!decoded) {
        this.#watchers.delete(watcher.id);
        this.#stream?.send(encodeWatchCancel(watcher.id));
        watcher.handler.onEnd('compacted');
        return;
      }
      events.push(decoded);
    }
    const reached = all.at(-1)?.item.modRevision ?? revision;
    if (reached <= watcher.position) return;
    watcher.position = reached;
    watcher.handler.onEvents(events, reached);
  }

  /** Undefined: what was there before has been compacted away in the meantime. */
  #decode({ isDelete, item, previous: before }: EtcdEvent): WatchEvent | undefined {
    const { keys } = this.#deps;
    const previous = before && decodeItem(keys, before);
    if (isDelete) {
      const { key, modRevision: revision } = item;
      return previous && { type: 'delete', key: keys.fromEtcd(key), revision, previous };
    }
    if (!previous && item.createRevision !== item.modRevision) return undefined;
    return { type: 'put', current: decodeItem(keys, item), previous };
  }

  #isBehind(key: string, revision: Revision): boolean {
    if (this.#isLost) return false;
    const { keys } = this.#deps;
    for (const { prefix, position } of this.#watchers.values()) {
      if (position >= revision) continue;
      if (key === keys.progressKey ? keys.isEverything(prefix) : key.startsWith(keys.prefixInEtcd(prefix))) return true;
    }
    return false;
  }

  #release(): void {
    for (const waiting of this.#waiting) {
      if (this.#isBehind(waiting.key, waiting.revision)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  #endAll(): void {
    for (const [id, { handler }] of this.#watchers) {
      this.#watchers.delete(id);
      handler.onEnd('closed');
    }
    this.#release();
  }
}

export function decodeItem(keys: EtcdKeys, { key, value, modRevision }: EtcdKeyValue): KeyValue {
  return { key: keys.fromEtcd(key), value, revision: modRevision };
}

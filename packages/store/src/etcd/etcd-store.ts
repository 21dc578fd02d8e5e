import { type Clock, type Logger, silentLogger } from '@kts/base';
import { GrpcError, type GrpcTls } from '@kts/grpc';

import { StoreClosedError, StoreRefusedError } from '../store-errors.ts';
import type {
  KeyValue,
  ListOptions,
  ListResult,
  PutOptions,
  Revision,
  Store,
  WatchHandler,
  WatchOptions,
  WriteResult,
} from '../store.ts';
import { EtcdClient } from './etcd-client.ts';
import { EtcdKeys } from './etcd-keys.ts';
import {
  decodeLeaseGrant,
  decodeRange,
  decodeWrite,
  encodeCompaction,
  encodeLeaseGrant,
  encodeRange,
  encodeWrite,
  type RangeRequest,
  type RangeResponse,
  type WriteRequest,
} from './etcd-messages.ts';
import { decodeItem, EtcdWatches } from './etcd-watches.ts';
import { LeasePool } from './lease-pool.ts';

const RANGE = '/etcdserverpb.KV/Range';
const TXN = '/etcdserverpb.KV/Txn';
const COMPACT = '/etcdserverpb.KV/Compact';
const LEASE_GRANT = '/etcdserverpb.Lease/LeaseGrant';
const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';

/** Keys that are asked for at a time where the caller sets no limit. */
const PAGE_KEYS = 500;
/** After so long without an event, a revision that watches have not reached is taken for somebody else's. */
const FOREIGN_AFTER_MS = 1_000;

export interface EtcdStoreOptions {
  /** URLs of the cluster's members, `http` or `https`. */
  readonly endpoints: readonly string[];
  readonly tls?: GrpcTls;
  /** What the store's keys begin with, and what stands in place of that in etcd. Both end in a slash. Default `/`. */
  readonly keys?: { readonly root: string; readonly prefix: string };
  readonly clock: Clock;
  readonly log?: Logger;
}

/**
 * A store in etcd (3.4 or later), in the layout of upstream's API server. Revisions are etcd's own. Other writers are
 * welcome: every write is a transaction that compares the revision of its key, and reads are linearizable.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go (v1.36)
 * Differs: writes, and the newest revision, are waited for until the watches of this store have delivered them, so that a
 * cache that is fed by one shows what its owner has written, as with an embedded store.
 *
 * Rejects with StoreUnreachableError.
 */
export async function createEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options);
  try {
    await store.revision();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class EtcdStore implements Store {
  readonly #clock: Clock;
  readonly #keys: EtcdKeys;
  readonly #client: EtcdClient;
  readonly #watches: EtcdWatches;
  readonly #leases: LeasePool;
  readonly #underWay = new Set<Promise<unknown>>();
  /** The newest compaction that this store knows of. */
  #oldest: Revision = 0;
  /** The newest read of etcd's revision that has begun, and the one that begins when that is over. */
  #lastRead: Promise<void> = Promise.resolve();
  #nextRead: Promise<Revision> | undefined;
  /** The write that several callers of `revision` wait for. */
  #progress: Promise<Revision> | undefined;
  #closed = false;

  constructor({ endpoints, tls = {}, keys = { root: '/', prefix: '/' }, clock, log = silentLogger }: EtcdStoreOptions) {
    this.#clock = clock;
    this.#keys = new EtcdKeys(keys.root, keys.prefix);
    this.#client = new EtcdClient({ endpoints, tls, clock });
    this.#watches = new EtcdWatches({ client: this.#client, keys: this.#keys, clock, log });
    this.#leases = new LeasePool(clock, async (ttlSeconds) =>
      decodeLeaseGrant(await this.#client.call(LEASE_GRANT, encodeLeaseGrant(ttlSeconds), { repeatable: true })),
    );
  }

  get(key: string): Promise<KeyValue | undefined> {
    return this.#run(async () => {
      const { items } = await this.#range({ key: this.#keys.toEtcd(key) });
      return items[0] && decodeItem(this.#keys, items[0]);
    });
  }

  list(options: ListOptions): Promise<ListResult> {
    return this.#run(async () => {
      for (;;) {
        const result = await this.#list(options);
        // Without a revision of the caller's there is a newer one to begin again with.
        if (result.ok || options.revision !== undefined) return result;
      }
    });
  }

  count(prefix: string): Promise<number> {
    return this.#run(async () => {
      const { count } = await this.#range({ ...this.#keys.rangeOf(prefix), countOnly: true });
      return count;
    });
  }

  put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<WriteResult> {
    return this.#run(async () => {
      const { expect, ttlSeconds = 0 } = options;
      const etcdKey = this.#keys.toEtcd(key);
      const attempt = async (): Promise<WriteResult> => {
        const lease = ttlSeconds > 0 ? await this.#leases.leaseFor(Math.ceil(ttlSeconds)) : 0n;
        const operation = { put: { key: etcdKey, value, lease } };
        return this.#write(etcdKey, expect === undefined ? { operation } : { operation, expect });
      };
      try {
        return await attempt();
      } catch (error) {
        if (!GrpcError.is(error, 'NotFound') || ttlSeconds === 0) throw error;
        this.#leases.forget(Math.ceil(ttlSeconds));
        return attempt();
      }
    });
  }

  delete(key: string, { expect }: { readonly expect?: Revision } = {}): Promise<WriteResult> {
    return this.#run(() => {
      const etcdKey = this.#keys.toEtcd(key);
      const operation = { delete: etcdKey };
      return this.#write(etcdKey, expect === undefined ? { operation } : { operation, expect });
    });
  }

  watch(options: WatchOptions, handler: WatchHandler): { close(): void } {
    return this.#watches.watch(options, handler);
  }

  /** A revision that watches of everything have reached. */
  revision(): Promise<Revision> {
    return this.#run(async () => {
      const revision = await this.#newest();
      const delivered = this.#watches.delivered(this.#keys.progressKey, revision);
      if (!delivered) return revision;
      using foreign = this.#timeout(FOREIGN_AFTER_MS);
      const reached = await Promise.race([delivered.then(() => true), foreign.promise]);
      return reached ? revision : this.#writeProgress();
    });
  }

  compact(revision: Revision): Promise<void> {
    return this.#run(async () => {
      const until = Math.min(revision, await this.#newest());
      try {
        await this.#client.call(COMPACT, encodeCompaction(until), { repeatable: true });
      } catch (error) {
        if (!GrpcError.is(error, 'OutOfRange')) throw error;
      }
      this.#oldest = Math.max(this.#oldest, until);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    this.#watches.end();
    this.#client.close();
  }

  async #list({ prefix, after, limit = 0, revision: wanted }: ListOptions): Promise<ListResult> {
    const items: KeyValue[] = [];
    let revision = wanted;
    let from = after;
    try {
      for (;;) {
        const page = await this.#range({
          ...this.#keys.rangeOf(prefix, from),
          limit: limit || PAGE_KEYS,
          ...(revision === undefined ? {} : { revision }),
        });
        for (const item of page.items) items.push(decodeItem(this.#keys, item));
        revision ??= page.revision;
        const remaining = page.count - page.items.length;
        if (limit > 0 || remaining === 0) return { ok: true, items, revision, remaining };
        from = items.at(-1)!.key;
      }
    } catch (error) {
      if (!GrpcError.is(error, 'OutOfRange')) throw error;
      if (error.description !== COMPACTED) return { ok: false, reason: 'future', oldest: this.#oldest };
      this.#oldest = Math.max(this.#oldest, revision! + 1);
      return { ok: false, reason: 'compacted', oldest: this.#oldest };
    }
  }

  async #write(etcdKey: string, request: WriteRequest): Promise<WriteResult> {
    const response = decodeWrite(await this.#client.call(TXN, encodeWrite(request), { repeatable: false }));
    const item = response.item && decodeItem(this.#keys, response.item);
    if (!response.succeeded || !response.changed) return { ok: false, current: item };
    const { revision } = response;
    await this.#watches.delivered(etcdKey, revision);
    return item ? { ok: true, revision, previous: item } : { ok: true, revision };
  }

  async #range(request: RangeRequest): Promise<RangeResponse> {
    return decodeRange(await this.#client.call(RANGE, encodeRange(request), { repeatable: true }));
  }

  /** Callers of one moment share a read, which begins when all of them have asked. */
  #newest(): Promise<Revision> {
    this.#nextRead ??= this.#lastRead.then(() => {
      this.#nextRead = undefined;
      const read = this.#range({ key: this.#keys.progressKey, countOnly: true }).then(({ revision }) => revision);
      this.#lastRead = read.then(
        () => {},
        () => {},
      );
      return read;
    });
    return this.#nextRead;
  }

  /** Somebody else has written under another prefix: a write of ours brings the watches past that. */
  #writeProgress(): Promise<Revision> {
    const write = async (): Promise<Revision> => {
      const key = this.#keys.progressKey;
      const operation = { put: { key, value: new Uint8Array(), lease: 0n } };
      const { revision } = decodeWrite(await this.#client.call(TXN, encodeWrite({ operation }), { repeatable: true }));
      await this.#watches.delivered(key, revision);
      return revision;
    };
    this.#progress ??= write().finally(() => (this.#progress = undefined));
    return this.#progress;
  }

  /** Resolves with false after that time. */
  #timeout(ms: number): Disposable & { readonly promise: Promise<false> } {
    const { promise, resolve } = Promise.withResolvers<false>();
    const timer = this.#clock.after(ms, () => resolve(false));
    return { promise, [Symbol.dispose]: () => timer.cancel() };
  }

  async #run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreClosedError();
    const running = operation();
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      throw GrpcError.is(error) ? new StoreRefusedError(error.description, error) : error;
    } finally {
      this.#underWay.delete(running);
    }
  }
}

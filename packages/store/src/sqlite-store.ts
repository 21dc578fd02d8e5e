import type { Clock } from '@kts/base';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Keyspace } from './keyspace.ts';
import { loadFile, lockFile, type Loaded } from './sqlite-file.ts';
import { packTransaction, startSqliteWriter, type CompactionStep, type SqliteWriter } from './sqlite-writer.ts';
import { StoreClosedError, StoreFailedError } from './store-errors.ts';
import type {
  KeyValue,
  ListOptions,
  ListResult,
  PutOptions,
  Revision,
  Store,
  WatchEvent,
  WatchHandler,
  WatchOptions,
  WriteResult,
} from './store.ts';
import { WatchHub } from './watch-hub.ts';
import { planDelete, planPut, type WritePlan } from './write-plan.ts';

/** Bounds of one transaction, so that one commit does not keep the next writers waiting for long. */
const TRANSACTION_WRITES_MAX = 1_000;
const TRANSACTION_BYTES_MAX = 8 * 1024 * 1024;
const TRANSACTION_GARBAGE_ROWS_MAX = 500;

/** Free pages (of 4 KB) that stay in the file for what is written next. */
const FREE_PAGES_KEPT = 256;

export interface SqliteStoreOptions {
  /** The file; created if it does not exist. SQLite keeps `-wal` and `-shm` beside it, and the store `-lock`. */
  readonly path: string;
  readonly clock: Clock;
}

/** A write that its caller waits for. Without an event it has lost against a write that is not on disk yet. */
interface Waiting {
  readonly event: WatchEvent | undefined;
  readonly expires: number | undefined;
  readonly result: WriteResult;
  readonly done: PromiseWithResolvers<WriteResult>;
}

/**
 * A store in one SQLite file. Everything is also in memory, so reads never touch the file; what they and the watches
 * see is on disk. Writes are decided against what is on its way to the disk, collected while a transaction is being
 * committed by the writing thread, and committed together by the next one.
 *
 * Rejects with StoreLockedError, StoreVersionError, StoreCorruptError or StoreOpenError.
 */
export async function createSqliteStore({ path, clock }: SqliteStoreOptions): Promise<Store> {
  const lock = lockFile(path);
  try {
    return new SqliteStore(path, clock, lock, loadFile(path), startSqliteWriter(path));
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #lock: Disposable;
  readonly #writer: SqliteWriter;
  /** What is on disk: the state that everybody sees. */
  readonly #visible: Keyspace;
  readonly #watches: WatchHub;
  readonly #expiries: ExpiryQueue;
  /** The newest write of each key that has writes on their way to the disk. */
  readonly #pending = new Map<string, WatchEvent>();
  #planned: Revision;
  /** In order; begins with the writes of the transaction under way. */
  readonly #queue: Waiting[] = [];
  /** Rows of the file that nobody can see any more. */
  #garbage: readonly Revision[];
  #freePages = 0;
  /** Settles when the compaction under way is complete on disk. */
  #compaction: PromiseWithResolvers<void> | undefined;
  /** The loop that commits, while there is something to commit. */
  #working: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #refusal: Error | undefined;

  constructor(path: string, clock: Clock, lock: Disposable, loaded: Loaded, writer: SqliteWriter) {
    this.#path = path;
    this.#clock = clock;
    this.#lock = lock;
    this.#writer = writer;
    this.#visible = loaded.keyspace;
    this.#planned = loaded.keyspace.revision;
    this.#garbage = loaded.garbage;
    this.#watches = new WatchHub(loaded.keyspace);
    this.#expiries = new ExpiryQueue(clock, (key, revision) => void this.#expire(key, revision));
    for (const expiring of loaded.expiring) this.#expiries.add(expiring, expiring.expires - clock.now());
    if (loaded.garbage.length > 0) void this.#startCompaction();
  }

  async get(key: string): Promise<KeyValue | undefined> {
    return this.#open().get(key);
  }

  async list(options: ListOptions): Promise<ListResult> {
    return this.#open().list(options);
  }

  async count(prefix: string): Promise<number> {
    return this.#open().count(prefix);
  }

  async revision(): Promise<Revision> {
    return this.#open().revision;
  }

  async put(key: string, value: Uint8Array, options?: PutOptions): Promise<WriteResult> {
    this.#open();
    const plan = planPut(this.#newest(key), key, value, options, this.#planned + 1);
    const ttlMs = options?.ttlSeconds ? options.ttlSeconds * 1000 : undefined;
    if (plan.event?.type === 'put' && ttlMs) this.#expiries.add(plan.event.current, ttlMs);
    return this.#write(key, plan, ttlMs && this.#clock.now() + ttlMs);
  }

  async delete(key: string, options?: { readonly expect?: Revision }): Promise<WriteResult> {
    this.#open();
    return this.#write(key, planDelete(this.#newest(key), options, this.#planned + 1));
  }

  watch(options: WatchOptions, handler: WatchHandler): { close(): void } {
    return this.#watches.watch(options, handler);
  }

  /** Resolves once the rows that nobody can see any more are gone from the file. */
  async compact(revision: Revision): Promise<void> {
    if (revision <= this.#open().oldest) return this.#compaction?.promise;
    this.#garbage = [...this.#garbage, ...this.#visible.compact(revision)];
    return this.#startCompaction();
  }

  close(): Promise<void> {
    this.#refusal ??= new StoreClosedError();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#expiries.stop();
    await this.#working;
    this.#watches.end();
    await this.#writer.close();
    this.#lock[Symbol.dispose]();
  }

  #open(): Keyspace {
    if (this.#refusal) throw this.#refusal;
    return this.#visible;
  }

  /** A key as it will be when all writes so far are on disk. */
  #newest(key: string): KeyValue | undefined {
    const pending = this.#pending.get(key);
    if (!pending) return this.#visible.get(key);
    return pending.type === 'put' ? pending.current : undefined;
  }

  #write(key: string, { event, result }: WritePlan, expires?: number): WriteResult | Promise<WriteResult> {
    if (event) {
      this.#planned += 1;
      this.#pending.set(key, event);
    } else if (!this.#pending.has(key)) {
      return result;
    }
    const done = Promise.withResolvers<WriteResult>();
    this.#queue.push({ event, expires, result, done });
    this.#work();
    return done.promise;
  }

  async #expire(key: string, revision: Revision): Promise<void> {
    try {
      await this.delete(key, { expect: revision });
    } catch {
      // The store has failed, which the callers of its other writes are told.
    }
  }

  #work(): void {
    this.#working ??= this.#commitAll().catch((error: unknown) => this.#fail(error));
  }

  /** Commits one transaction after another until nothing waits. */
  async #commitAll(): Promise<void> {
    // What is written in the same turn of the event loop shares the first transaction.
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#compaction) {
      const batch = takeBatch(this.#queue);
      await this.#commit(batch);
      this.#queue.splice(0, batch.length);
      for (const { done, result } of batch) done.resolve(result);
    }
    this.#working = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const writes = batch.filter((write) => hasEvent(write));
    const compaction = this.#takeCompactionStep();
    if (writes.length > 0 || compaction) {
      const freePages = await this.#writer.commit(packTransaction(writes, compaction));
      if (compaction) this.#endCompactionStep(freePages);
    }
    for (const { event } of writes) {
      this.#visible.apply(event);
      const key = event.type === 'put' ? event.current.key : event.key;
      if (this.#pending.get(key) === event) this.#pending.delete(key);
    }
    this.#watches.publish();
  }

  #startCompaction(): Promise<void> {
    if (!this.#compaction) {
      this.#compaction = Promise.withResolvers();
      // Whether somebody waits or not, a failure is reported by the store as a whole.
      this.#compaction.promise.catch(() => {});
    }
    this.#work();
    return this.#compaction.promise;
  }

  /** The part of the compaction that goes into the next transaction. */
  #takeCompactionStep(): CompactionStep | undefined {
    if (!this.#compaction) return undefined;
    const garbage = this.#garbage.slice(0, TRANSACTION_GARBAGE_ROWS_MAX);
    this.#garbage = this.#garbage.slice(garbage.length);
    return { revision: this.#visible.oldest, garbage };
  }

  /** A compaction is complete when the garbage is gone and the file does not shrink any further. */
  #endCompactionStep(freePages: number): void {
    const isShrinking = freePages > FREE_PAGES_KEPT && freePages !== this.#freePages;
    this.#freePages = freePages;
    if (this.#garbage.length > 0 || isShrinking) return;
    this.#compaction?.resolve();
    this.#compaction = undefined;
  }

  /** Nothing can be written any more: tells everybody, and shows no more than what is known to be on disk. */
  #fail(cause: unknown): void {
    const error = new StoreFailedError(this.#path, cause);
    this.#refusal = error;
    this.#expiries.stop();
    for (const { done } of this.#queue.splice(0)) done.reject(error);
    this.#compaction?.reject(error);
    this.#watches.end();
  }
}

/** The writes for the next transaction: the first that wait, within its bounds. */
function takeBatch(queue: readonly Waiting[]): readonly Waiting[] {
  let count = 0;
  let size = 0;
  while (count < Math.min(queue.length, TRANSACTION_WRITES_MAX) && size < TRANSACTION_BYTES_MAX) {
    const { event } = queue[count++]!;
    if (event?.type === 'put') size += event.current.value.length;
  }
  return queue.slice(0, count);
}

function hasEvent(write: Waiting): write is Waiting & { readonly event: WatchEvent } {
  return write.event !== undefined;
}

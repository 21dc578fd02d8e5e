import { Worker } from 'node:worker_threads';
import type { Revision, WatchEvent } from './store.ts';

/** What the worker does in one transaction. Writes are numbered from `first` on; their values lie end to end. */
export interface Transaction {
  readonly first: Revision;
  readonly keys: readonly string[];
  /** Bytes of each value; DELETED for a deletion. */
  readonly lengths: readonly number[];
  /** Wall clock in milliseconds; null: never. */
  readonly expires: readonly (number | null)[];
  readonly values: Uint8Array<ArrayBuffer>;
  readonly compaction?: CompactionStep;
}

/** One step of a compaction: deletes some rows and gives some free pages back to the file system. */
export interface CompactionStep {
  readonly revision: Revision;
  readonly garbage: readonly Revision[];
}

export const DELETED = -1;

/** The worker's objects are short-lived and few: room for more of them would only be resident memory. */
const WORKER_YOUNG_MB_MAX = 2;

/** What the worker answers to each transaction, once it is on disk. A failed one was the last. */
export type WorkerReply =
  | { readonly ok: true; readonly freePages: number }
  | { readonly ok: false; readonly problem: string };

/** The thread that writes the file. One transaction at a time. */
export interface SqliteWriter {
  /** Resolves once the transaction is on disk, with how many pages of the file are free. */
  commit(transaction: Transaction): Promise<number>;
  /** Stops the thread; resolves when it has let go of the file. */
  close(): Promise<void>;
}

export function startSqliteWriter(path: string): SqliteWriter {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
    workerData: { path },
    resourceLimits: { maxYoungGenerationSizeMb: WORKER_YOUNG_MB_MAX },
  });
  const exited = Promise.withResolvers<void>();
  let waiting: PromiseWithResolvers<number> | undefined;
  let failure: Error | undefined;

  const fail = (error: Error): void => {
    failure ??= error;
    waiting?.reject(failure);
  };
  worker.on('message', (reply: WorkerReply) => {
    if (reply.ok) waiting?.resolve(reply.freePages);
    else fail(new Error(reply.problem));
  });
  worker.on('error', (error) => fail(error as Error));
  worker.on('exit', () => {
    fail(new Error('the writing thread has ended'));
    exited.resolve();
  });

  return {
    commit: (transaction) => {
      if (failure) return Promise.reject(failure);
      waiting = Promise.withResolvers();
      worker.postMessage(transaction, [transaction.values.buffer]);
      return waiting.promise;
    },
    close: () => {
      worker.postMessage('close');
      return exited.promise;
    },
  };
}

/** A transaction of `events`, whose revisions follow one another. Copies the values into one buffer to hand over. */
export function packTransaction(
  writes: readonly { readonly event: WatchEvent; readonly expires: number | undefined }[],
  compaction: CompactionStep | undefined,
): Transaction {
  const keys: string[] = [];
  const lengths: number[] = [];
  let size = 0;
  for (const { event } of writes) {
    keys.push(event.type === 'put' ? event.current.key : event.key);
    lengths.push(event.type === 'put' ? event.current.value.length : DELETED);
    if (event.type === 'put') size += event.current.value.length;
  }
  const values = new Uint8Array(size);
  let offset = 0;
  for (const { event } of writes) {
    if (event.type === 'delete') continue;
    values.set(event.current.value, offset);
    offset += event.current.value.length;
  }
  const first = writes[0]?.event;
  return {
    first: first ? (first.type === 'put' ? first.current.revision : first.revision) : 0,
    keys,
    lengths,
    expires: writes.map(({ expires }) => expires ?? null),
    values,
    ...(compaction && { compaction }),
  };
}

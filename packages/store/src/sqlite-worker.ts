/** The entry of the thread that writes a store's file: takes transactions, answers once each is on disk. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CompactionStep, Transaction, WorkerReply } from './sqlite-writer.ts';

/** The write-ahead log is written back to the file when it is 16 MB long. */
const CHECKPOINT_PAGES = 4096;
const JOURNAL_BYTES_KEPT = 64 * 1024 * 1024;
const VACUUM_PAGES_PER_STEP = 512;

const port = parentPort!;
const database = new DatabaseSync((workerData as { path: string }).path);
database.exec(`
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
  PRAGMA journal_size_limit = ${JOURNAL_BYTES_KEPT};
`);
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
const insert = database.prepare('INSERT INTO writes VALUES (?, ?, ?, ?, ?)');
const remove = database.prepare('DELETE FROM writes WHERE revision = ?');
const compact = database.prepare('UPDATE compaction SET revision = ?');
const freelist = database.prepare('PRAGMA freelist_count');

port.on('message', (message: Transaction | 'close') => {
  if (message === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(run(message));
});

function run(transaction: Transaction): WorkerReply {
  try {
    begin.run();
    applyWrites(transaction);
    const freePages = transaction.compaction ? applyCompaction(transaction.compaction) : 0;
    commit.run();
    return { ok: true, freePages };
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    return { ok: false, problem: Error.isError(error) ? error.message : String(error) };
  }
}

function applyWrites({ first, keys, lengths, expires, values }: Transaction): void {
  let offset = 0;
  for (let i = 0; i < keys.length; i++) {
    const length = lengths[i]!;
    const isDeletion = length < 0;
    const value = isDeletion ? null : values.subarray(offset, (offset += length));
    insert.run(first + i, keys[i]!, value, isDeletion ? 1 : 0, expires[i]!);
  }
}

function applyCompaction({ revision, garbage }: CompactionStep): number {
  compact.run(revision);
  for (const row of garbage) remove.run(row);
  database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES_PER_STEP})`);
  return Number(freelist.get()!['freelist_count']);
}

import { DatabaseSync } from 'node:sqlite';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { Keyspace } from './keyspace.ts';
import { StoreCorruptError, StoreLockedError, StoreOpenError, StoreVersionError } from './store-errors.ts';
import type { KeyValue, Revision, WatchEvent } from './store.ts';

/**
 * The file is a log: one row for each write that is still of use, numbered by its revision. Appending is the cheapest
 * thing that can be done to a B-tree, and what the log adds up to is kept in memory.
 *
 *   writes       revision, key, value, deleted (1: a deletion, no value), expires (wall clock, ms; null: never)
 *   compaction   one row: history up to that revision is forgotten. Rows up to there that a later row replaces are
 *                garbage, which a crash may have left behind.
 */
const SCHEMA = `
  CREATE TABLE writes (
    revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, deleted INTEGER NOT NULL, expires INTEGER
  ) STRICT;
  CREATE TABLE compaction (revision INTEGER NOT NULL) STRICT;
  INSERT INTO compaction VALUES (0);
`;

/** Marks a SQLite file as a store ("kts" and 1). */
const APPLICATION_ID = 0x6b747301;

export const FORMAT_VERSION = 1;

/** SQLite's result codes that mean something of their own here. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export interface Loaded {
  readonly keyspace: Keyspace;
  /** Rows that count no more and still have to be deleted. */
  readonly garbage: Revision[];
  readonly expiring: readonly Expiring[];
}

/** A put with a time to live. It counts only as long as it is the newest of its key. */
export interface Expiring {
  readonly key: string;
  readonly revision: Revision;
  /** Wall clock in milliseconds. */
  readonly expires: number;
}

interface Row {
  readonly revision: Revision;
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly deleted: number;
  readonly expires: number | null;
}

/**
 * Takes the store for this process until it is disposed of or the process ends, however that happens. The lock is on a
 * file beside the store, so that tools can read and back up the store itself while it is in use.
 */
export function lockFile(path: string): Disposable {
  const lock = openDatabase(`${path}-lock`, path);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw codeOf(error) === SQLITE_BUSY ? new StoreLockedError(path) : new StoreOpenError(path, error as Error);
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** Reads a store, or creates it. A file that is not as it should be is never written to. */
export function loadFile(path: string): Loaded {
  if (isBlank(path)) createFile(path);
  return readFile(path, (database) => {
    checkFormat(database, path);
    return readLog(database, path);
  });
}

/** Whether nothing is there yet, or only what a crash during creation leaves. */
function isBlank(path: string): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return true;
  return readFile(path, (database) => {
    const queries = ['PRAGMA application_id', 'PRAGMA user_version', 'SELECT count(*) FROM sqlite_schema'];
    return queries.every((query) => readNumber(database, query) === 0);
  });
}

function readFile<T>(path: string, read: (database: DatabaseSync) => T): T {
  const database = openDatabase(path, path, { readOnly: true });
  try {
    return read(database);
  } catch (error) {
    const code = codeOf(error);
    if (code !== SQLITE_CORRUPT && code !== SQLITE_NOTADB) throw error;
    throw new StoreCorruptError(path, (error as Error).message, error);
  } finally {
    database.close();
  }
}

function createFile(path: string): void {
  // Secrets are in it. SQLite gives the files beside it the same mode.
  closeSync(openSync(path, 'a', 0o600));
  const database = openDatabase(path, path);
  try {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(
      `BEGIN; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`,
    );
  } catch (error) {
    throw new StoreOpenError(path, error as Error);
  } finally {
    database.close();
  }
}

function checkFormat(database: DatabaseSync, path: string): void {
  const applicationId = readNumber(database, 'PRAGMA application_id');
  if (applicationId !== APPLICATION_ID) throw new StoreCorruptError(path, 'it is a database of another program');
  const version = readNumber(database, 'PRAGMA user_version');
  if (version > FORMAT_VERSION) throw new StoreVersionError(path, version, FORMAT_VERSION);
}

function readLog(database: DatabaseSync, path: string): Loaded {
  const compacted = readNumber(database, 'SELECT revision FROM compaction');
  const base = new Map<string, KeyValue>();
  const garbage: Revision[] = [];
  const expiring: Expiring[] = [];
  const rows = (where: string): Iterable<Row> => {
    const statement = database.prepare(`SELECT * FROM writes WHERE revision ${where} ? ORDER BY revision`);
    return statement.iterate(compacted) as Iterable<unknown> as Iterable<Row>;
  };

  for (const row of rows('<=')) {
    if (row.expires !== null) expiring.push({ key: row.key, revision: row.revision, expires: row.expires });
    readCompacted(base, garbage, row);
  }
  const keyspace = new Keyspace(compacted);
  for (const item of base.values()) keyspace.restore(item);
  for (const row of rows('>')) {
    if (row.expires !== null) expiring.push({ key: row.key, revision: row.revision, expires: row.expires });
    keyspace.apply(readEvent(keyspace, row, path));
  }
  return { keyspace, garbage, expiring };
}

/** Adds a row to the state at the last compaction: the newest row of each key counts, unless it is a deletion. */
function readCompacted(base: Map<string, KeyValue>, garbage: Revision[], row: Row): void {
  const replaced = base.get(row.key);
  if (replaced) garbage.push(replaced.revision);
  if (row.deleted) {
    garbage.push(row.revision);
    base.delete(row.key);
  } else {
    base.set(row.key, toItem(row));
  }
}

/** The row that follows on `keyspace`, as the event that it was. */
function readEvent(keyspace: Keyspace, row: Row, path: string): WatchEvent {
  const { key, revision } = row;
  const expected = keyspace.revision + 1;
  if (revision !== expected) throw new StoreCorruptError(path, `write ${expected} is missing`);
  const previous = keyspace.get(key);
  if (!row.deleted) return { type: 'put', current: toItem(row), previous };
  if (!previous) throw new StoreCorruptError(path, `write ${revision} deletes a key that does not exist`);
  return { type: 'delete', key, revision, previous };
}

function toItem({ key, value, revision }: Row): KeyValue {
  return { key, value: value ?? new Uint8Array(), revision };
}

function openDatabase(file: string, path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  try {
    return new DatabaseSync(file, options);
  } catch (error) {
    throw new StoreOpenError(path, error as Error);
  }
}

function readNumber(database: DatabaseSync, query: string): number {
  return Number(Object.values(database.prepare(query).get() ?? {})[0]);
}

function codeOf(error: unknown): number | undefined {
  return Error.isError(error) && 'errcode' in error ? (error.errcode as number) & 0xff : undefined;
}

export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { createSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export {
  StoreClosedError,
  StoreCorruptError,
  StoreFailedError,
  StoreLockedError,
  StoreOpenError,
  StoreRefusedError,
  StoreUnreachableError,
  StoreVersionError,
} from './store-errors.ts';
export type {
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

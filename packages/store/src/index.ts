export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export {
  StoreClosedError,
  StoreCorruptError,
  StoreFailedError,
  StoreLockedError,
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

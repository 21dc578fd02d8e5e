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

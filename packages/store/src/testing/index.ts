export { storeConformance, type StoreConformanceOptions } from './conformance.ts';
export { recordWatch, type WatchRecord } from './watch-record.ts';

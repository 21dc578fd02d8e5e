export { storeConformance, type StoreConformanceOptions } from './conformance.ts';
export { cannotRunEtcd, startEtcd, type EtcdServer } from './etcd-server.ts';
export { recordWatch, type WatchRecord } from './watch-record.ts';

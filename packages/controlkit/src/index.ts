export { type Informer, type InformerDependencies, type InformerHandlers } from './informer.ts';
export { createInformers, type Informers } from './informers.ts';
export { type IndexKeys } from './object-cache.ts';
export { controllerRateLimiter, TokenBucket, type BucketOptions, type RateLimiter } from './rate-limiter.ts';
export { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

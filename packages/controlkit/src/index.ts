export { applyClaims, claimObjects, planClaims, type ClaimOptions, type Claims } from './claim-objects.ts';
export { formatMetric, type Sample } from './component-server/metrics-text.ts';
export {
  createControllerRunner,
  type ControllerDependencies,
  type ControllerMetrics,
  type ControllerRunner,
} from './controller-runner.ts';
export {
  defineController,
  ExpectedError,
  ownedBy,
  TerminalError,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type ControllerDefinition,
  type OwnedSource,
  type Requeue,
  type WatchedSource,
} from './define-controller.ts';
export {
  createEventRecorder,
  referenceTo,
  type EventRecorder,
  type EventRecorderDependencies,
  type EventWriter,
} from './event-recorder.ts';
export { createExpectations, type Expectations } from './expectations.ts';
export { ReflectingInformer, type Informer, type InformerDependencies, type InformerHandlers } from './informer.ts';
export { createInformers, type Informers } from './informers.ts';
export { LeaderElector, type LeaderElectionDependencies, type LeaderElectionOptions } from './leader-election.ts';
export { type IndexKeys } from './object-cache.ts';
export {
  controllerRefOf,
  controllerUidKeys,
  isControlledBy,
  newControllerRef,
  refersToKind,
} from './owner-reference.ts';
export { controllerRateLimiter, TokenBucket, type BucketOptions, type RateLimiter } from './rate-limiter.ts';
export { slowStartBatch, type SlowStartResult } from './slow-start-batch.ts';
export { WorkQueue, type QueueObserver, type WorkQueueOptions } from './work-queue.ts';

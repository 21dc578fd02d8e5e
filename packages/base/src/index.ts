export { AssertionError, assert, unreachable } from './assert.ts';
export { backoffMs, type BackoffOptions } from './backoff.ts';
export { childSignal, type ChildSignal } from './child-signal.ts';
export { formatMicroTime, formatTime, sleepWith, type Clock, type Timer } from './clock.ts';
export type { Component, HealthCheck } from './component.ts';
export { createLogger, silentLogger, type LogFields, type Logger, type LogOptions } from './log.ts';
export { fnv1a32, randomName, seededRandom, systemRandom, type Random } from './random.ts';
export { systemClock } from './system-clock.ts';
export { forEachLimit, TaskGroup } from './task-group.ts';

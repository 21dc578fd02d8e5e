/**
 * Time as a value that is passed in. Components take a `Clock` in their dependencies and never touch `Date`,
 * `setTimeout` or `performance`, so the same code runs in real time and in virtual time.
 */

import { onAbort } from './on-abort.ts';

/** A pending callback. Cancelling after it has fired is a no-op. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock in milliseconds since the epoch. It may jump; use it for timestamps that other programs read. */
  now(): number;
  /** Milliseconds that never go backward, from an arbitrary origin. Use it for durations. */
  monotonic(): number;
  /** Calls `callback` once, `ms` milliseconds from now (a negative delay counts as 0). */
  after(ms: number, callback: () => void): Timer;
  /** Resolves after `ms` milliseconds. Rejects with the signal's reason as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** `sleep` for any clock that has `after`: the one place that ties a timer to a signal and removes both. */
export function sleepWith(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = clock.after(ms, () => {
    subscription?.[Symbol.dispose]();
    resolve();
  });
  const subscription =
    signal &&
    onAbort(signal, () => {
      timer.cancel();
      reject(signal.reason as Error);
    });
  return promise;
}

/** RFC 3339 in UTC with whole seconds, the form of every `metav1.Time`. */
export function formatTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== lastFormatted.second) lastFormatted = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return lastFormatted.text;
}

/** Most times that are written are now: the second before has been put into words already. */
let lastFormatted = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC with microseconds (`metav1.MicroTime`); the clock gives milliseconds, the rest is zero. */
export function formatMicroTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23) + '000Z';
}

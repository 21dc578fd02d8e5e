/**
 * Ends requests that take too long with a 504; the client may ask for less time than the server's limit.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go (v1.36)
 */
import { badRequest, DurationError, durationToMs, failure } from '@kts/apimachinery';
import type { Clock, Timer } from '@kts/base';

import type { ApiServerResponse, Stage } from '../response.ts';
import { isLongRunning } from './long-running.ts';

export const REQUEST_TIMEOUT_MS = 60_000;
/** How much later than the limit a request may be ended, so that those that come together share a timer. */
const SHARED_MS = 250;

export function deadlineStage(clock: Pick<Clock, 'after'>, limitMs: number = REQUEST_TIMEOUT_MS): Stage {
  const limits = new SharedTimers(clock, limitMs);
  return (next) => (request) => {
    if (isLongRunning(request.info)) return next(request);
    const asked = request.query.get('timeout');
    const timeoutMs = asked ? Math.min(limitMs, positive(parseTimeout(asked)) ?? limitMs) : limitMs;
    const { promise, resolve, reject } = Promise.withResolvers<ApiServerResponse>();
    const expire = (): void => {
      request.cancel();
      reject(
        failure(
          'Timeout',
          'Timeout: request did not complete within requested timeout - context deadline exceeded',
          {},
        ),
      );
    };
    const timer = timeoutMs < limitMs ? clock.after(timeoutMs, expire) : limits.after(expire);
    next(request).then(
      (response) => {
        timer.cancel();
        resolve(response);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error as Error);
      },
    );
    return promise;
  };
}

/** Callbacks that share a timer; hardly any is ever called. */
interface SharedTimer {
  readonly callbacks: Set<() => void>;
  readonly timer: Timer;
}

/**
 * Timers of one length for very many requests: what begins within the same part of a second shares one, and is called
 * that much late.
 */
class SharedTimers {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #ms: number;
  /** Takes what begins now. */
  #open: SharedTimer | undefined;

  constructor(clock: Pick<Clock, 'after'>, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  after(callback: () => void): Timer {
    const shared = (this.#open ??= this.#start());
    const { callbacks, timer } = shared;
    // One callback may be given several times.
    const own = (): void => callback();
    callbacks.add(own);
    return {
      cancel: () => {
        callbacks.delete(own);
        if (callbacks.size === 0 && shared !== this.#open) timer.cancel();
      },
    };
  }

  #start(): SharedTimer {
    const callbacks = new Set<() => void>();
    const timer = this.#clock.after(this.#ms + SHARED_MS, () => {
      for (const callback of callbacks) callback();
    });
    this.#clock.after(SHARED_MS, () => {
      this.#open = undefined;
      if (callbacks.size === 0) timer.cancel();
    });
    return { callbacks, timer };
  }
}

const positive = (ms: number): number | undefined => (ms > 0 ? ms : undefined);

/** A Go duration such as `30s` or `1m30s`, in milliseconds. Throws BadRequest. */
export function parseTimeout(text: string): number {
  try {
    return durationToMs(text);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
}

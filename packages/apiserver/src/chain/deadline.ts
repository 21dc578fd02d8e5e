/**
 * Ends requests that take too long with a 504; the client may ask for less time than the server's limit.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go (v1.36)
 */
import { badRequest, DurationError, durationToMs, failure } from '@kts/apimachinery';
import type { Clock } from '@kts/base';

import type { ApiServerResponse, Stage } from '../response.ts';
import { isLongRunning } from './long-running.ts';

export const REQUEST_TIMEOUT_MS = 60_000;

export const deadlineStage =
  (clock: Pick<Clock, 'after'>, limitMs: number = REQUEST_TIMEOUT_MS): Stage =>
  (next) =>
  (request) => {
    if (isLongRunning(request.info)) return next(request);
    const asked = request.query.get('timeout');
    const timeoutMs = asked ? Math.min(limitMs, positive(parseTimeout(asked)) ?? limitMs) : limitMs;
    const { promise, resolve, reject } = Promise.withResolvers<ApiServerResponse>();
    const timer = clock.after(timeoutMs, () => {
      request.cancel();
      reject(
        failure(
          'Timeout',
          'Timeout: request did not complete within requested timeout - context deadline exceeded',
          {},
        ),
      );
    });
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

/**
 * Ends requests that take too long with a 504; the client may ask for less time than the server's limit.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go (v1.36)
 */
import { badRequest, failure } from '@kts/apimachinery';
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
    const timeoutMs = asked ? Math.min(limitMs, parseTimeout(asked) || limitMs) : limitMs;
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

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3.6e6 };

/** A Go duration such as `30s` or `1m30s`, in milliseconds. */
export function parseTimeout(text: string): number {
  const terms = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy)];
  const length = terms.reduce((sum, term) => sum + term[0].length, 0);
  if (text === '0') return 0;
  if (terms.length === 0 || length !== text.length) throw badRequest('invalid timeout specified in the request URL');
  return terms.reduce((sum, term) => sum + Number(term[1]) * UNIT_MS[term[2]!]!, 0);
}

import { StatusError, toStatus } from '@kts/apimachinery';
import type { Logger } from '@kts/base';

import type { Handler } from './response.ts';

/**
 * Makes a chain that always answers: whatever it throws becomes a `Status`. What nobody expected is logged with the
 * request's id, and the client is told no more than that it happened.
 */
export function answering(chain: Handler, log: Logger): Handler {
  return async (request) => {
    try {
      return await chain(request);
    } catch (error) {
      if (!StatusError.is(error) && !request.signal.aborted) {
        log.error('request failed', { error, stack: stackOf(error), auditId: request.auditId, path: request.path });
      }
      const status = toStatus(error);
      const retryAfter = status.details?.retryAfterSeconds;
      return {
        kind: 'object',
        status: status.code ?? 500,
        object: status,
        ...(retryAfter ? { headers: { 'retry-after': String(retryAfter) } } : {}),
      };
    }
  };
}

function stackOf(error: unknown): string | undefined {
  return Error.isError(error) ? error.stack : undefined;
}

import { failure, type Status, StatusError, toStatus } from '@kts/apimachinery';
import type { Logger } from '@kts/base';
import { StoreUnreachableError } from '@kts/store';

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
      const status = statusOf(error);
      if (!StatusError.is(error) && !request.signal.aborted) {
        const stack = error instanceof StoreUnreachableError ? {} : { stack: stackOf(error) };
        log.error('request failed', { error, ...stack, auditId: request.auditId, path: request.path });
      }
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

function statusOf(error: unknown): Status {
  if (!(error instanceof StoreUnreachableError)) return toStatus(error);
  return failure('ServerTimeout', 'The store cannot be reached at this time, please try again.').status;
}

function stackOf(error: unknown): string | undefined {
  return Error.isError(error) ? error.stack : undefined;
}

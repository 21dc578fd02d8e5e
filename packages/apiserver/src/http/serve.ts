import type { Logger } from '@kts/base';
import { StatusError } from '@kts/apimachinery';

import type { Handler } from '../response.ts';
import type { HttpRequest } from './http-request.ts';
import type { ObjectEncoder } from './object-encoder.ts';
import type { ResponseSink } from './response-sink.ts';
import { writeResponse } from './write-response.ts';

/** Answers requests over HTTP: asks the chain and writes what it says. Never rejects. */
export function serveHttp(
  answer: Handler,
  encoder: ObjectEncoder,
  log: Logger,
): (request: HttpRequest, sink: ResponseSink) => Promise<void> {
  return async (request, sink) => {
    try {
      const response = await answer(request);
      try {
        await writeResponse(request, response, sink, encoder);
      } catch (error) {
        // Negotiation is the only thing that may fail before anything is written.
        if (!StatusError.is(error)) throw error;
        const refusal = { kind: 'object', status: error.code, object: error.status } as const;
        await writeResponse(request, refusal, sink, encoder);
      }
    } catch (error) {
      log.error('writing the answer failed', { error, auditId: request.auditId, path: request.path });
      sink.destroy();
    }
  };
}

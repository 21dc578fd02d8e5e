import type { ApiServerRequest } from '../request.ts';
import type { Headers } from '../response.ts';
import type { HeaderFields } from './response-sink.ts';
import { warningHeaders } from './warning-header.ts';

/** Answers above this size are compressed for clients that can take it. Source: responsewriters/writers.go */
export const GZIP_BYTES_MIN = 128 * 1024;
/** Speed matters more than size here. */
export const GZIP_LEVEL = 1;

/** What every answer carries. */
export function answerHeaders(request: ApiServerRequest, extra?: Headers): HeaderFields {
  const headers: HeaderFields = {
    'audit-id': request.auditId,
    'cache-control': 'no-cache, private',
    ...request.responseHeaders,
    ...extra,
  };
  if (request.warnings.length > 0) headers['warning'] = [...warningHeaders(request.warnings)];
  return headers;
}

/** `gzip` and nothing cleverer, as upstream reads the header. */
export function acceptsGzip(request: ApiServerRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  return accepted !== undefined && accepted.split(',').some((coding) => coding.split(';')[0]!.trim() === 'gzip');
}

/** One buffer of many pieces. */
export function join(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

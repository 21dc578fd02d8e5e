import { gzipSync } from 'node:zlib';

import type { ApiServerRequest } from '../request.ts';
import type { Headers } from '../response.ts';
import { acceptsGzip, answerHeaders, GZIP_BYTES_MIN, GZIP_LEVEL } from './answer-headers.ts';
import type { ResponseSink } from './response-sink.ts';

/** Writes an answer whose whole body is there. */
export function writeWhole(
  request: ApiServerRequest,
  sink: ResponseSink,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  extra: Headers | undefined,
): void {
  const headers = answerHeaders(request, extra);
  if (contentType !== '') headers['content-type'] = contentType;
  let body = bytes;
  if (bytes.length > GZIP_BYTES_MIN && acceptsGzip(request) && !extra?.['content-encoding']) {
    body = gzipSync(bytes, { level: GZIP_LEVEL });
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'Accept-Encoding';
  }
  headers['content-length'] = body.length;
  if (body.length === 0 || request.method === 'HEAD' || status === 304) sink.head(status, headers, true);
  else {
    sink.head(status, headers, false);
    sink.end(body);
  }
}

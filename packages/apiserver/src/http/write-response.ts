/**
 * Writes an answer: the one place where objects become bytes.
 */
import { gzipSync } from 'node:zlib';

import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Headers } from '../response.ts';
import { acceptsGzip, answerHeaders, GZIP_BYTES_MIN, GZIP_LEVEL, join } from './answer-headers.ts';
import { writeList } from './write-list.ts';
import { writeWatch } from './write-watch.ts';
import type { ObjectEncoder } from './object-encoder.ts';
import { JSON_TYPE, negotiate, notAcceptable, wantsPretty, type MediaType } from './negotiation.ts';
import type { ResponseSink } from './response-sink.ts';

/** Transforms (`as=`) were decided by whoever made the object. */
const ANY_TRANSFORM = (): boolean => true;

/** Resolves when everything is written or the client has gone; for a watch, when it ends. */
export async function writeResponse(
  request: ApiServerRequest,
  response: ApiServerResponse,
  sink: ResponseSink,
  encoder: ObjectEncoder,
): Promise<void> {
  if (sink.closed) return;
  switch (response.kind) {
    case 'entry': {
      const { mediaType, pretty } = outputOf(request, response.status);
      const bytes =
        mediaType === JSON_TYPE && !pretty
          ? join([...response.entry.jsonPieces(), LINE_FEED])
          : encoder.encode(mediaType, response.entry.object(), pretty);
      writeWhole(request, sink, response.status, mediaType, bytes, response.headers);
      return;
    }
    case 'object': {
      const { mediaType, pretty } = outputOf(request, response.status);
      const bytes = encoder.encode(mediaType, response.object, pretty);
      writeWhole(request, sink, response.status, mediaType, bytes, response.headers);
      return;
    }
    case 'list':
      return writeList(request, response.list, sink, encoder);
    case 'watch':
      return writeWatch(request, response.watch, sink, encoder);
    case 'bytes':
      return writeBytes(request, response, sink);
    case 'taken':
      return;
  }
}

const LINE_FEED = Uint8Array.of(0x0a);

/** An error is always written: in JSON if nothing else fits. */
function outputOf(
  request: ApiServerRequest,
  status: number,
): { readonly mediaType: MediaType; readonly pretty: boolean } {
  const accepted = negotiate(request.headers['accept'], ANY_TRANSFORM);
  if (!accepted && status < 400) throw notAcceptable();
  const pretty = (accepted?.pretty ?? false) || wantsPretty(request.query, request.headers['user-agent']);
  return { mediaType: accepted?.mediaType ?? JSON_TYPE, pretty };
}

async function writeBytes(
  request: ApiServerRequest,
  response: ApiServerResponse & { kind: 'bytes' },
  sink: ResponseSink,
): Promise<void> {
  const { status, contentType, body, headers } = response;
  if (body instanceof Uint8Array) {
    writeWhole(request, sink, status, contentType, body, headers);
    return;
  }
  sink.head(status, { ...answerHeaders(request, headers), 'content-type': contentType }, false);
  for await (const chunk of body) {
    if (sink.closed) break;
    if (!sink.write(chunk)) await sink.drained();
  }
  sink.end();
}

function writeWhole(
  request: ApiServerRequest,
  sink: ResponseSink,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  extra: Headers | undefined,
): void {
  const headers = answerHeaders(request, extra);
  headers['content-type'] = contentType;
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

/**
 * Writes an answer: the one place where objects become bytes.
 */

import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Headers } from '../response.ts';
import { answerHeaders, join } from './answer-headers.ts';
import { writeList } from './write-list.ts';
import { writeWhole } from './write-whole.ts';
import { writeWatch } from './write-watch.ts';
import type { ObjectEncoder } from './object-encoder.ts';
import { JSON_TYPE, negotiate, notAcceptable, wantsPretty, type MediaType } from './negotiation.ts';
import type { ResponseSink } from './response-sink.ts';
import { webSocketUpgrade } from './web-socket-upgrade.ts';

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
      const output = outputOf(request, response.status);
      if (output.mediaType === JSON_TYPE && !output.pretty) {
        const bytes = join([...response.entry.jsonPieces(), LINE_FEED]);
        writeWhole(request, sink, response.status, JSON_TYPE, bytes, response.headers);
        return;
      }
      writeObject(request, { ...response, object: response.entry.object() }, output, sink, encoder);
      return;
    }
    case 'object':
      writeObject(request, response, outputOf(request, response.status), sink, encoder);
      return;
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

interface Output {
  readonly mediaType: MediaType;
  readonly pretty: boolean;
}

function writeObject(
  request: ApiServerRequest,
  { status, object, headers }: { readonly status: number; readonly object: object; readonly headers?: Headers },
  { mediaType, pretty }: Output,
  sink: ResponseSink,
  encoder: ObjectEncoder,
): void {
  const written = encoder.mediaTypeFor(mediaType, object);
  writeWhole(request, sink, status, written, encoder.encode(written, object, pretty), headers);
}

/** An error is always written: it is never transformed, and JSON if nothing else fits. */
function outputOf(request: ApiServerRequest, status: number): Output {
  const failed = status >= 400;
  const accepted = negotiate(request.headers['accept'], failed ? undefined : ANY_TRANSFORM);
  if (!accepted && !failed) throw notAcceptable();
  const pretty = (accepted?.pretty ?? false) || wantsPretty(request.query, request.headers['user-agent']);
  return { mediaType: accepted?.mediaType ?? JSON_TYPE, pretty };
}

async function writeBytes(
  request: ApiServerRequest,
  response: ApiServerResponse & { kind: 'bytes' },
  sink: ResponseSink,
): Promise<void> {
  const { status, contentType, body, headers, overWebSocket } = response;
  if (body instanceof Uint8Array) {
    writeWhole(request, sink, status, contentType, body, headers);
    return;
  }
  const upgrade = overWebSocket ? webSocketUpgrade(request) : undefined;
  if (upgrade) {
    const { writeStreamMessages } = await import('./write-web-socket.ts');
    return writeStreamMessages(upgrade, body, sink);
  }
  const type = contentType === '' ? {} : { 'content-type': contentType };
  sink.head(status, { ...answerHeaders(request, headers), ...type }, false);
  for await (const chunk of body) {
    if (sink.closed) break;
    if (!sink.write(chunk)) await sink.drained();
  }
  sink.end();
}

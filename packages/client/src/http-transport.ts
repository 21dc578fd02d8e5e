/** Reaches an API server over the network. */
import { HttpConnections } from './http-connections.ts';
import { responseError } from './response-error.ts';
import type { Answer } from './server-connection.ts';
import type { HttpTransportOptions } from './tls-options.ts';
import { TransportError, type ApiResponse, type ByteStream, type Transport, type WatchFrame } from './transport.ts';

/** One line of a watch: larger than any object an API server accepts. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 10;

/** `http:` servers must speak HTTP/2 by prior knowledge; `https:` servers may have HTTP/1.1 only. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const connections = new HttpConnections(options);
  return {
    async request(request) {
      return readResponse(await connections.open(request), request.signal);
    },
    async watch(request) {
      const watching = { ...request, query: { ...request.query, watch: 'true' } };
      const answer = await connections.open(watching);
      if (answer.status >= 300) throw responseError(request, await readResponse(answer, request.signal));
      return frames(answer, request.signal);
    },
    async stream(request): Promise<ByteStream> {
      const answer = await connections.open(request);
      return { status: answer.status, body: bytes(answer) };
    },
    close: () => connections.close(),
  };
}

async function readResponse(answer: Answer, signal: AbortSignal | undefined): Promise<ApiResponse> {
  const { status, contentType, warnings } = answer;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of bytes(answer)) chunks.push(chunk);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return { status, body: parseBody(contentType, Buffer.concat(chunks)), warnings };
}

function parseBody(contentType: string, body: Buffer): ApiResponse['body'] {
  if (body.length === 0) return undefined;
  const text = body.toString();
  return contentType.startsWith('application/json') ? parseJson(text) : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TransportError(`the server sent what is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The body as it comes. A connection that breaks is a TransportError, never a short body. */
async function* bytes(answer: Answer): AsyncIterableIterator<Uint8Array> {
  let isWhole = false;
  try {
    for await (const chunk of answer.body) yield chunk as Uint8Array;
    isWhole = answer.isWhole();
  } catch (cause) {
    throw new TransportError((cause as Error).message, { cause });
  } finally {
    // The reader has gone away before the end.
    if (!isWhole && !answer.body.destroyed) answer.cancel();
  }
  if (!isWhole) throw new TransportError('the server broke off its answer');
}

/** One JSON document per line. */
async function* frames(answer: Answer, signal: AbortSignal | undefined): AsyncIterableIterator<WatchFrame> {
  let rest: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of bytes(answer)) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        rest.push(chunk.subarray(start, end));
        yield parseJson(Buffer.concat(rest).toString()) as WatchFrame;
        rest = [];
        size = 0;
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > FRAME_BYTES_MAX) throw new TransportError(`a watch event is larger than ${FRAME_BYTES_MAX} bytes`);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

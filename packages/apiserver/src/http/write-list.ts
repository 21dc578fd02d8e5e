import { once } from 'node:events';
import { createGzip, type Gzip } from 'node:zlib';

import type { ApiServerRequest } from '../request.ts';
import type { EntryList } from '../response.ts';
import { entriesField, listHead } from './list-head.ts';
import { JSON_TYPE, negotiate, notAcceptable, PROTOBUF_TYPE, wantsPretty } from './negotiation.ts';
import { listObject, type ObjectEncoder } from './object-encoder.ts';
import type { ResponseSink } from './response-sink.ts';
import { writeWhole } from './write-whole.ts';
import { acceptsGzip, answerHeaders, GZIP_LEVEL, join } from './answer-headers.ts';

/**
 * Bytes that are handed to the connection at once, and so the memory that a list costs beyond the cache. Each handover has
 * a price of its own; a list that fits in one is written whole.
 */
const CHUNK_BYTES = 512 * 1024;
const encoder = new TextEncoder();
const COMMA = Uint8Array.of(0x2c);

/** Streams a list, from the cache's own bytes where it can; the whole of it never exists in memory. */
export async function writeList(
  request: ApiServerRequest,
  list: EntryList,
  sink: ResponseSink,
  objects: ObjectEncoder,
): Promise<void> {
  const accepted = negotiate(request.headers['accept'], () => true);
  if (!accepted) throw notAcceptable();
  const pretty = accepted.pretty || wantsPretty(request.query, request.headers['user-agent']);
  if (accepted.mediaType !== JSON_TYPE || pretty) {
    const object = accepted.mediaType === PROTOBUF_TYPE ? listObject(list) : writtenList(list);
    const mediaType = objects.mediaTypeFor(accepted.mediaType, object);
    writeWhole(request, sink, 200, mediaType, objects.encode(mediaType, object, pretty), undefined);
    return;
  }
  const chunks = jsonChunks(list);
  const first = chunks.next();
  const second = first.done ? first : chunks.next();
  if (first.done || second.done) {
    writeWhole(request, sink, 200, JSON_TYPE, first.value ?? new Uint8Array(), undefined);
    return;
  }
  const headers = { ...answerHeaders(request), 'content-type': JSON_TYPE };
  const rest = concatenate([first.value, second.value], chunks);
  if (acceptsGzip(request)) {
    sink.head(200, { ...headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, false);
    await writeCompressed(rest, sink);
    return;
  }
  sink.head(200, headers, false);
  for (const chunk of rest) {
    if (sink.closed) return;
    if (!sink.write(chunk)) await sink.drained();
  }
  sink.end();
}

/** The list as its JSON says it is: items of a typed list do not say of what type they are. */
function writtenList(list: EntryList): object {
  const items = list.entries.map((entry): unknown => JSON.parse(Buffer.concat([...entry.jsonItemPieces()]).toString()));
  return { ...listHead(list), [entriesField(list)]: items };
}

/** The list as JSON, in pieces of about `CHUNK_BYTES`. */
export function* jsonChunks(list: EntryList): Generator<Uint8Array, void> {
  const head = JSON.stringify(listHead(list)).slice(0, -1);
  let pieces: Uint8Array[] = [encoder.encode(`${head},"${entriesField(list)}":[`)];
  let length = pieces[0]!.length;
  let separate = false;
  for (const entry of list.entries) {
    if (separate) pieces.push(COMMA);
    separate = true;
    for (const piece of entry.jsonItemPieces()) {
      pieces.push(piece);
      length += piece.length;
    }
    if (length >= CHUNK_BYTES) {
      yield join(pieces);
      pieces = [];
      length = 0;
    }
  }
  pieces.push(encoder.encode(']}\n'));
  yield join(pieces);
}

async function writeCompressed(chunks: Iterable<Uint8Array>, sink: ResponseSink): Promise<void> {
  const gzip = createGzip({ level: GZIP_LEVEL });
  const pumped = pump(gzip, sink);
  for (const chunk of chunks) {
    if (sink.closed) break;
    if (!gzip.write(chunk)) await once(gzip, 'drain');
  }
  gzip.end();
  await pumped;
}

async function pump(gzip: Gzip, sink: ResponseSink): Promise<void> {
  for await (const chunk of gzip as AsyncIterable<Uint8Array>) {
    if (!sink.closed && !sink.write(chunk)) await sink.drained();
  }
  sink.end();
}

function* concatenate(head: readonly Uint8Array[], rest: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  yield* head;
  yield* rest;
}

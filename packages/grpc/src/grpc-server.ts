/**
 * The server's side of gRPC, on a Unix socket: methods with one answer, or with a stream of answers.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

import { frame, FrameReader, SESSION_MEGABYTES_MAX } from './frames.ts';
import { encodeMessage, GRPC_CODES, GrpcError } from './grpc-error.ts';

export type GrpcMethod =
  | { readonly answer: (message: Uint8Array, signal: AbortSignal) => Promise<Uint8Array> }
  | { readonly answers: (message: Uint8Array, signal: AbortSignal) => AsyncIterable<Uint8Array> };

export interface GrpcServer {
  /** Ends all connections. */
  close(): void;
}

/** Listens on a Unix socket, in place of one that is there. `methods` are by path, such as `/package.Service/Method`. */
export async function serveMethods(path: string, methods: ReadonlyMap<string, GrpcMethod>): Promise<GrpcServer> {
  const server = createServer({ maxSessionMemory: SESSION_MEGABYTES_MAX });
  const sessions = new Set<Http2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // What breaks a stream is told by its end; the other side has gone.
    stream.on('error', () => {});
    void serveStream(stream, headers, methods);
  });
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  return {
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

async function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  methods: ReadonlyMap<string, GrpcMethod>,
): Promise<void> {
  if (!String(headers['content-type']).startsWith('application/grpc')) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  const stop = new AbortController();
  stream.on('close', () => stop.abort());
  let hasBegun = false;
  const begin = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  };
  let trailers: Readonly<Record<string, string>> = statusHeaders();
  try {
    const method = findMethod(headers[':path'] ?? '', methods);
    const message = await readMessage(stream);
    if ('answer' in method) {
      const answer = await method.answer(message, stop.signal);
      if (stream.closed) return;
      begin();
      stream.write(frame(answer));
    } else {
      for await (const answer of method.answers(message, stop.signal)) {
        if (stream.closed) return;
        begin();
        if (!stream.write(frame(answer))) await once(stream, 'drain', { signal: stop.signal });
      }
    }
    begin();
  } catch (error) {
    trailers = statusHeaders(error as Error);
  }
  if (stream.closed || stream.destroyed) return;
  if (hasBegun) stream.end();
  else stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
}

function findMethod(path: string, methods: ReadonlyMap<string, GrpcMethod>): GrpcMethod {
  const found = methods.get(path);
  if (found) return found;
  const [, service = '', method = ''] = path.split('/');
  const isKnown = [...methods.keys()].some((known) => known.startsWith(`/${service}/`));
  throw new GrpcError(
    'Unimplemented',
    isKnown ? `unknown method ${method} for service ${service}` : `unknown service ${service}`,
  );
}

async function readMessage(stream: ServerHttp2Stream): Promise<Uint8Array> {
  const messages: Uint8Array[] = [];
  const frames = new FrameReader((message) => messages.push(message));
  // Whatever is wrong with the message: the stream is still to be answered.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) frames.push(chunk as Buffer);
  const [message] = messages;
  if (!message || messages.length > 1) throw new GrpcError('Internal', `received ${messages.length} messages, not one`);
  return message;
}

function statusHeaders(error?: Error): Readonly<Record<string, string>> {
  if (!error) return { 'grpc-status': String(GRPC_CODES.OK) };
  const { code, description } = GrpcError.is(error) ? error : { code: 'Unknown' as const, description: error.message };
  return { 'grpc-status': String(GRPC_CODES[code]), 'grpc-message': encodeMessage(description) };
}

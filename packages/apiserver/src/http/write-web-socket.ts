/**
 * Watches and logs over a WebSocket, for browsers, which cannot read an answer piece by piece everywhere.
 *
 * Mirrors: staging/src/k8s.io/streaming/pkg/httpstream/wsstream/stream.go, .../endpoints/handlers/watch.go (HandleWS)
 * (v1.36)
 */
import { acceptWebSocket, type WebSocket, type WebSocketUpgrade } from '@kts/client';

import type { WatchStream, WatchStreamEvent } from '../response.ts';
import type { ResponseSink } from './response-sink.ts';

/** Messages wait in memory until this much; then what makes them has to wait too. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Carries a token, and names no protocol. */
const BEARER_PREFIX = 'base64url.bearer.authorization.k8s.io.';
/** Protocols of a stream of bytes. */
const BINARY = 'binary.k8s.io';
const BASE64 = 'base64.binary.k8s.io';

export interface Handshake {
  readonly protocol?: string;
  /** Why the client is refused. */
  readonly refusal?: { readonly status: number; readonly message: string };
}

/** How a request for a stream of bytes is answered: with the first of its protocols that is known. */
export function chooseStreamProtocol(header: string | undefined): Handshake {
  const offered = offeredProtocols(header);
  if (offered.length === 0) return {};
  const protocol = offered.find((name) => name === BINARY || name === BASE64);
  if (protocol !== undefined) return { protocol };
  const message = `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [ ${BINARY} ${BASE64}]`;
  return { refusal: { status: 403, message } };
}

/** How a watch is answered: any protocol will do, but a page must tell where it is from. */
export function chooseWatchProtocol(header: string | undefined, origin: string | undefined): Handshake {
  if (origin === undefined) return { refusal: { status: 403, message: 'null origin' } };
  const [protocol, ...others] = offeredProtocols(header);
  if (others.length > 0) return { refusal: { status: 400, message: 'bad protocol' } };
  return protocol === undefined ? {} : { protocol };
}

function offeredProtocols(header: string | undefined): string[] {
  const names = (header ?? '').split(',').map((name) => name.trim());
  return names.filter((name) => name !== '' && !name.startsWith(BEARER_PREFIX));
}

/** Sends an empty message, and then the bytes as they come. Resolves when all are sent, or the client has gone. */
export async function writeStreamMessages(
  upgrade: WebSocketUpgrade,
  body: AsyncIterable<Uint8Array>,
  sink: ResponseSink,
): Promise<void> {
  const handshake = chooseStreamProtocol(upgrade.request.headers['sec-websocket-protocol']);
  const socket = await open(upgrade, handshake, sink);
  if (!socket) return;
  const encode = (bytes: Uint8Array): Uint8Array | string =>
    handshake.protocol === BASE64 ? Buffer.from(bytes).toString('base64') : bytes;
  try {
    socket.send(encode(new Uint8Array()));
    for await (const chunk of body) {
      if (socket.readyState !== socket.OPEN) break;
      const sent = Promise.withResolvers<void>();
      socket.send(encode(chunk), () => sent.resolve());
      if (socket.bufferedAmount >= WAITING_BYTES_MAX) await sent.promise;
    }
  } finally {
    socket.close(1000);
  }
}

/** One message an event, text or binary. Resolves when the watch has ended. */
export async function writeWatchMessages(
  upgrade: WebSocketUpgrade,
  watch: WatchStream,
  sink: ResponseSink,
  encode: (event: WatchStreamEvent) => Uint8Array,
  binary: boolean,
): Promise<void> {
  const { 'sec-websocket-protocol': offered, origin } = upgrade.request.headers;
  const socket = await open(upgrade, chooseWatchProtocol(offered, origin), sink);
  if (!socket) {
    watch.close();
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = false;
  socket.on('close', () => {
    watch.close();
    resolve();
  });
  watch.start({
    send(events) {
      for (const event of events) {
        if (socket.readyState !== socket.OPEN) return true;
        socket.send(encode(event), { binary }, () => {
          if (!waiting || socket.bufferedAmount >= WAITING_BYTES_MAX) return;
          waiting = false;
          watch.drained();
        });
      }
      waiting = socket.bufferedAmount >= WAITING_BYTES_MAX;
      return !waiting;
    },
    end: () => socket.close(1000),
  });
  await promise;
}

/** The open socket, which takes nothing from the client; nothing if that was refused. */
async function open(
  upgrade: WebSocketUpgrade,
  { protocol, refusal }: Handshake,
  sink: ResponseSink,
): Promise<WebSocket | undefined> {
  if (!refusal) return acceptWebSocket(upgrade, protocol);
  sink.head(refusal.status, { 'content-type': 'text/plain; charset=utf-8' }, false);
  sink.end(Buffer.from(`${refusal.message}\n`));
  return undefined;
}

import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { HttpFailure } from '../http-failure.ts';
import type { Upgrade } from '../routes.ts';

/** The longest message that is taken from a client. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;
/** Messages wait in memory until this much; then the other side is asked to pause. */
const WAITING_BYTES_MAX = 1024 * 1024;

/**
 * Answers the handshake with `protocol`, which is one that the client has offered. Rejects with a `HttpFailure` if the
 * request is no proper handshake. The library gets to see no protocols: names such as `SPDY/3.1+portforward.k8s.io` break
 * the rules that it holds clients to.
 */
export function acceptWebSocket(incoming: IncomingMessage, upgrade: Upgrade, protocol: string): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX });
  server.on('headers', (lines) => void lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  server.on('wsClientError', (error) => reject(new HttpFailure(400, error.message, { cause: error })));
  const { 'sec-websocket-protocol': _offered, ...headers } = incoming.headers;
  const request = Object.create(incoming, { headers: { value: headers } }) as IncomingMessage;
  server.handleUpgrade(request, upgrade.socket, upgrade.head, (socket) => {
    socket.on('error', () => socket.terminate());
    resolve(socket);
  });
  return promise;
}

/** Sends a message; `source` pauses while too much of what it has sent still waits. */
export function sendMessage(
  socket: WebSocket,
  message: Uint8Array,
  source?: { readonly pause: () => unknown; readonly resume: () => unknown },
): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(message, { binary: true }, () => {
    if (socket.bufferedAmount < WAITING_BYTES_MAX) source?.resume();
  });
  if (socket.bufferedAmount >= WAITING_BYTES_MAX) source?.pause();
}

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { WebSocket } from 'ws';

/** The longest message that is taken from a client. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** A request to change to WebSocket; `head` is what has come after it already. */
export interface WebSocketUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

/**
 * Answers the handshake with `protocol`, one that the client has offered, or with none. Rejects if the request is no
 * proper handshake. The library gets to see no protocols: names such as `SPDY/3.1+portforward.k8s.io` break the rules
 * that it holds clients to.
 */
export async function acceptWebSocket(upgrade: WebSocketUpgrade, protocol: string | undefined): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws');
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX });
  if (protocol !== undefined) {
    server.on('headers', (lines) => void lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  }
  server.on('wsClientError', (error) => reject(error));
  const { 'sec-websocket-protocol': _offered, ...headers } = upgrade.request.headers;
  const request = Object.create(upgrade.request, { headers: { value: headers } }) as IncomingMessage;
  server.handleUpgrade(request, upgrade.socket, Buffer.from(upgrade.head), (socket) => {
    socket.on('error', () => socket.terminate());
    resolve(socket);
  });
  return promise;
}

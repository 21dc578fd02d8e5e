import type { IncomingMessage } from 'node:http';
import { acceptWebSocket as accept } from '@kts/client';
import type { WebSocket } from 'ws';
import { HttpFailure } from '../http-failure.ts';
import type { Upgrade } from '../routes.ts';

/** Messages wait in memory until this much; then the other side is asked to pause. */
const WAITING_BYTES_MAX = 1024 * 1024;

/** Answers the handshake with `protocol`. Rejects with a `HttpFailure` if the request is no proper handshake. */
export async function acceptWebSocket(
  request: IncomingMessage,
  { socket, head }: Upgrade,
  protocol: string,
): Promise<WebSocket> {
  try {
    return await accept({ request, socket, head }, protocol);
  } catch (error) {
    throw new HttpFailure(400, (error as Error).message, { cause: error });
  }
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

/**
 * Port forwarding over a WebSocket: its messages carry the bytes of a SPDY connection, which the runtime speaks.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/util/proxy/streamtunnel.go (v1.36)
 */
import type { IncomingMessage } from 'node:http';
import type { RawData } from 'ws';
import type { NetworkNamespace } from '@kts/host-linux';
import { HttpFailure } from '../http-failure.ts';
import type { Upgrade } from '../routes.ts';
import { acceptWebSocket, sendMessage } from './accept-websocket.ts';
import { onAbort } from './on-abort.ts';
import { bytesOf } from './remote-command.ts';
import { upgradeToSpdy } from './runtime-stream.ts';
import { tunnelOf } from './stream-options.ts';

const NORMAL_CLOSURE = 1000;

/** Resolves when one of the two sides has ended. Throws `HttpFailure` if the runtime refuses, before any upgrade. */
export async function tunnel(
  network: NetworkNamespace,
  url: string,
  protocols: readonly string[],
  incoming: IncomingMessage,
  upgrade: Upgrade,
  signal: AbortSignal,
): Promise<void> {
  const { socket, head, protocol } = await upgradeToSpdy(network, url, protocols, signal).catch((cause: unknown) => {
    throw new HttpFailure(500, (cause as Error).message, { cause });
  });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => socket.destroy());
  socket.once('close', resolve);
  const close = (): void => void socket.destroy();
  const client = await acceptWebSocket(incoming, upgrade, tunnelOf(protocol)).catch((error: unknown) => {
    close();
    throw error;
  });
  client.once('close', close);
  onAbort(signal, close);
  client.on('message', (data: RawData) => {
    if (!socket.writable || socket.write(bytesOf(data))) return;
    client.pause();
    socket.once('drain', () => client.resume());
  });
  if (head.length > 0) sendMessage(client, head, socket);
  socket.on('data', (chunk: Buffer) => sendMessage(client, chunk, socket));
  await ended;
  client.close(NORMAL_CLOSURE);
}

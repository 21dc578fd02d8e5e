import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { encodeData, SpdyFrameReader, type SpdyFrame } from '../spdy/frames.ts';

/** A connection of a runtime's streaming server: what it gets, and how it answers. */
export interface ServedConnection {
  readonly request: IncomingMessage;
  readonly send: (streamId: number, text: string, options?: { readonly fin: boolean }) => void;
  readonly close: () => void;
}

export interface StreamingServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/**
 * A runtime's streaming server on the loopback interface. Each frame of a SPDY client is handed to `onFrame`; streams
 * have the numbers 1, 3, 5 and so on, in the order in which the client opens them.
 */
export async function startStreamingServer(
  onFrame: (frame: SpdyFrame, connection: ServedConnection) => void,
  options: { readonly refuse?: string } = {},
): Promise<StreamingServer> {
  const sockets = new Set<Duplex>();
  const server = createServer();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket);
    if (options.refuse !== undefined) {
      const { length } = options.refuse;
      socket.end(`HTTP/1.1 404 Not Found\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${options.refuse}`);
      return;
    }
    const protocol = String(request.headers['x-stream-protocol-version']);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
    );
    const reader = new SpdyFrameReader();
    const connection: ServedConnection = {
      request,
      send: (streamId, text, { fin } = { fin: false }) =>
        socket.write(encodeData(streamId, Buffer.from(text), { fin })),
      close: () => socket.destroy(),
    };
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) onFrame(frame, connection);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/exec/token`,
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

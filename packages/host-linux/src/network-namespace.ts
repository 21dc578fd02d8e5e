import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { closeSync, openSync } from 'node:fs';
import { isIPv6, Socket, type Server } from 'node:net';

import { bindSocket, openSocket, setNetworkNamespace } from './system-calls.ts';

/**
 * A network of this machine that sockets can be opened in: the process's own, or a network namespace (of a node or of a
 * pod). A socket belongs to its namespace for life, so one process can listen and connect in many of them.
 */
export interface NetworkNamespace {
  /** Path of the namespace's handle; `undefined` for the process's own network. */
  readonly path: string | undefined;
  /** A TCP connection, still connecting when returned. `host` is an IP address. */
  connect(port: number, host: string): Socket;
  /** Listens on all addresses of the namespace, or on one. Resolves with the port (for `port` 0: the chosen one). */
  listen(server: Server, port: number, host?: string): Promise<number>;
  /** A UDP socket bound to `host` (an IP address). */
  bindDatagram(port: number, host: string): Promise<DatagramSocket>;
}

/** The network of this process. */
export const ownNetwork: NetworkNamespace = {
  path: undefined,
  connect: (port, host) => new Socket().connect(port, host),
  listen: (server, port, host) => listening(server, () => server.listen(port, host)),
  bindDatagram: (port, host) => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr: true });
    return bound(socket, () => socket.bind(port, host));
  },
};

/**
 * Sockets of the namespace at `path`, such as `/run/netns/kts-1`. The namespace is entered only while a socket is
 * created, with no `await` in between, so nothing else of this process ever runs inside it.
 */
export function networkNamespace(path: string): NetworkNamespace {
  return {
    path,
    connect: (port, host) => {
      const fd = within(path, () => openSocket(isIPv6(host) ? 'tcp6' : 'tcp4'));
      return new Socket({ fd }).connect(port, host);
    },
    listen: (server, port, host) => {
      const fd = within(path, () => openSocket(isIPv6(host ?? '0.0.0.0') ? 'tcp6' : 'tcp4'));
      bindOrClose(fd, host ?? '0.0.0.0', port);
      return listening(server, () => server.listen({ fd }));
    },
    bindDatagram: (port, host) => {
      const fd = within(path, () => openSocket(isIPv6(host) ? 'udp6' : 'udp4'));
      bindOrClose(fd, host, port);
      const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
      return bound(socket, () => socket.bind({ fd }));
    },
  };
}

/** Runs `create` inside the namespace. Synchronous on purpose: see `networkNamespace`. */
function within<T>(path: string, create: () => T): T {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const other = openSync(path, 'r');
    try {
      setNetworkNamespace(other);
    } finally {
      closeSync(other);
    }
    try {
      return create();
    } finally {
      setNetworkNamespace(own);
    }
  } finally {
    closeSync(own);
  }
}

function bindOrClose(fd: number, host: string, port: number): void {
  try {
    bindSocket(fd, host, port);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function listening(server: Server, start: () => void): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.once('listening', () => {
    server.off('error', reject);
    const address = server.address();
    resolve(typeof address === 'object' && address ? address.port : 0);
  });
  start();
  return promise;
}

function bound(socket: DatagramSocket, start: () => void): Promise<DatagramSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<DatagramSocket>();
  socket.once('error', reject);
  socket.once('listening', () => {
    socket.off('error', reject);
    resolve(socket);
  });
  start();
  return promise;
}

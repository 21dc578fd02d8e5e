/** Finds out which HTTP a server speaks, and reconnects after a connection has broken. */
import { connect as connectTls, type TLSSocket } from 'node:tls';

import { onAbort } from '@kts/base';

import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Answer, ServerConnection } from './server-connection.ts';
import { portOf, tlsOptions, type HttpTransportOptions } from './tls-options.ts';
import { TransportError, type ApiRequest } from './transport.ts';

/** As client-go's dialer. */
const CONNECT_TIMEOUT_MS = 30_000;

export class HttpConnections implements ServerConnection {
  readonly #options: HttpTransportOptions;
  #http1: Http1Connection | undefined;
  #http2: Http2Connection | undefined;
  #connecting: Promise<ServerConnection> | undefined;
  #closed = false;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
  }

  async open(request: ApiRequest): Promise<Answer> {
    request.signal?.throwIfAborted();
    const connection = await unlessAborted(this.#current(), request.signal);
    return connection.open(request);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => {});
    await Promise.all([this.#http1?.close(), this.#http2?.close()]);
  }

  #current(): Promise<ServerConnection> {
    if (this.#closed) return Promise.reject(new TransportError('the client has been closed'));
    if (this.#http1) return Promise.resolve(this.#http1);
    if (this.#http2 && !this.#http2.over) return Promise.resolve(this.#http2);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<ServerConnection> {
    const socket = this.#options.server.startsWith('https:') ? await negotiate(this.#options) : undefined;
    if (!socket || socket.alpnProtocol === 'h2') return (this.#http2 = new Http2Connection(this.#options, socket));
    socket.destroy();
    return (this.#http1 = new Http1Connection(this.#options));
  }
}

/** A connection on which server and client have agreed on a protocol. */
function negotiate(options: HttpTransportOptions): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connectTls({
    ...tlsOptions(options),
    port: portOf(options.server),
    ALPNProtocols: ['h2', 'http/1.1'],
    timeout: CONNECT_TIMEOUT_MS,
  });
  const onTimeout = (): void => void socket.destroy(new Error('connecting took too long'));
  const onError = (cause: Error): void => reject(new TransportError(`${options.server}: ${cause.message}`, { cause }));
  socket.on('timeout', onTimeout);
  socket.on('error', onError);
  socket.once('secureConnect', () => {
    socket.off('timeout', onTimeout);
    socket.setTimeout(0);
    socket.off('error', onError);
    resolve(socket);
  });
  return promise;
}

/** Waits for a connection that others may be waiting for too, so giving up must not end it. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const subscription = onAbort(signal, () => reject(signal.reason as Error));
  return Promise.race([promise, aborted]).finally(() => subscription[Symbol.dispose]());
}

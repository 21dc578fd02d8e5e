/** HTTP/2: one connection carries all requests to a server, as client-go does it. */
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';

import { onAbort, pingWhenSilent } from '@kts/base';

import { pathWithQuery } from './request-path.ts';
import { encodeBody, warningTexts, type Answer, type ServerConnection } from './server-connection.ts';
import { basePathOf, identityHeaders, type HttpTransportOptions } from './tls-options.ts';
import { TransportError, type ApiRequest } from './transport.ts';

const WINDOW_BYTES = 4 * 1024 * 1024;
const PING_AFTER_MS = 30_000;
const PING_TIMEOUT_MS = 15_000;

/** One HTTP/2 session; it is not used any more once it is `over`. Keeps the process alive only while it is in use. */
export class Http2Connection implements ServerConnection {
  readonly #options: HttpTransportOptions;
  readonly #session: ClientHttp2Session;
  #streams = 0;

  /** @param socket has negotiated h2; undefined for a server without TLS, which must speak h2 by prior knowledge */
  constructor(options: HttpTransportOptions, socket: TLSSocket | undefined) {
    this.#options = options;
    const session = connect(options.server, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      ...(socket ? { createConnection: () => socket } : {}),
    });
    this.#session = session;
    // Every request learns of the failure through its own stream.
    session.on('error', () => {});
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    session.on('goaway', () => session.close());
    const { pingAfterMs = PING_AFTER_MS, pingTimeoutMs = PING_TIMEOUT_MS } = this.#options;
    pingWhenSilent(this.#session, { pingAfterMs, pingTimeoutMs });
    session.unref();
  }

  get over(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  open(request: ApiRequest): Promise<Answer> {
    const { signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(this.#headersOf(request), { endStream: request.body === undefined });
    } catch (cause) {
      return Promise.reject(new TransportError((cause as Error).message, { cause }));
    }
    this.#count(stream);
    const subscription =
      signal &&
      onAbort(signal, () => {
        stream.close(constants.NGHTTP2_CANCEL);
        reject(signal.reason as Error);
      });
    stream.on('close', () => {
      subscription?.[Symbol.dispose]();
      reject(new TransportError(`${this.#options.server} closed the connection without an answer`));
    });
    stream.on('error', (cause) => reject(new TransportError(`${this.#options.server}: ${cause.message}`, { cause })));
    stream.on('response', (headers) => {
      resolve({
        status: headers[':status'] ?? 0,
        contentType: headers['content-type'] ?? '',
        warnings: warningTexts(headers['warning']),
        body: stream,
        isWhole: () => !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR,
        cancel: () => stream.close(constants.NGHTTP2_CANCEL),
      });
    });
    if (request.body !== undefined) stream.end(encodeBody(request));
    return promise;
  }

  close(): Promise<void> {
    if (this.#session.destroyed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#session.once('close', resolve);
    this.#session.destroy();
    return promise;
  }

  #headersOf(request: ApiRequest): Record<string, string> {
    return {
      ':method': request.method,
      ':path': basePathOf(this.#options.server) + pathWithQuery(request.path, request.query),
      accept: 'application/json',
      ...identityHeaders(this.#options),
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    };
  }

  #count(stream: ClientHttp2Stream): void {
    if (this.#streams++ === 0) this.#session.ref();
    stream.on('close', () => {
      if (--this.#streams === 0) this.#session.unref();
    });
  }
}

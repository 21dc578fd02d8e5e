/** HTTP/1.1 over TLS, for servers (mostly proxies before them) that have no HTTP/2: a connection per request under way. */
import { Agent, request as httpsRequest } from 'node:https';

import { onAbort } from '@kts/base';

import { pathWithQuery } from './request-path.ts';
import { encodeBody, warningTexts, type Answer, type ServerConnection } from './server-connection.ts';
import { basePathOf, identityHeaders, portOf, tlsOptions, type HttpTransportOptions } from './tls-options.ts';
import { TransportError, type ApiRequest } from './transport.ts';

/** Idle connections that are kept for the next requests. */
const IDLE_CONNECTIONS_MAX = 25;

export class Http1Connection implements ServerConnection {
  readonly #options: HttpTransportOptions;
  readonly #agent: Agent;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, ...tlsOptions(options) });
  }

  open(request: ApiRequest): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { signal } = request;
    const body = request.body === undefined ? undefined : encodeBody(request);
    const outgoing = httpsRequest({
      ...tlsOptions(this.#options),
      agent: this.#agent,
      port: portOf(this.#options.server),
      method: request.method,
      path: basePathOf(this.#options.server) + pathWithQuery(request.path, request.query),
      headers: {
        accept: 'application/json',
        ...identityHeaders(this.#options),
        ...(body === undefined
          ? {}
          : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    const subscription =
      signal &&
      onAbort(signal, () => {
        reject(signal.reason as Error);
        outgoing.destroy();
      });
    outgoing.on('close', () => subscription?.[Symbol.dispose]());
    outgoing.on('error', (cause) => reject(new TransportError(`${this.#options.server}: ${cause.message}`, { cause })));
    outgoing.on('response', (incoming) => {
      resolve({
        status: incoming.statusCode ?? 0,
        contentType: incoming.headers['content-type'] ?? '',
        warnings: warningTexts(incoming.headers.warning),
        body: incoming,
        isWhole: () => incoming.complete,
        cancel: () => outgoing.destroy(),
      });
    });
    outgoing.end(body);
    return promise;
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }
}

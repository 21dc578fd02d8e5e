import type { IncomingMessage } from 'node:http';

import type { WebSocket } from 'ws';

import { pathWithQuery } from './request-path.ts';
import { responseError } from './response-error.ts';
import { basePathOf, identityHeaders, portOf, tlsOptions, type HttpTransportOptions } from './tls-options.ts';
import { TransportError, type ApiRequest } from './transport.ts';

export interface WebSocketRequest extends Pick<ApiRequest, 'path' | 'query' | 'signal'> {
  /** Offered in this order, such as `v5.channel.k8s.io`. The answer's is in the socket's `protocol`. */
  readonly protocols: readonly string[];
}

/** A failure answer is an object of a few hundred bytes. */
const REFUSAL_BYTES_MAX = 1024 * 1024;

/**
 * Opens a WebSocket to an API server: exec, attach and port-forward. It is paused, so that no message is lost before the
 * caller has its listeners: call `resume` then. Rejects with a StatusError if the server refuses,
 * with TransportError if there is no answer, with the signal's reason if aborted before it is open.
 */
export async function openWebSocket(options: HttpTransportOptions, request: WebSocketRequest): Promise<WebSocket> {
  const { WebSocket } = await import('ws');
  const { signal } = request;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const { host, ...tls } = tlsOptions(options);
  const scheme = options.server.startsWith('https:') ? 'wss' : 'ws';
  const authority = `${host.includes(':') ? `[${host}]` : host}:${portOf(options.server)}`;
  const url = `${scheme}://${authority}${basePathOf(options.server)}${pathWithQuery(request.path, request.query)}`;
  const socket = new WebSocket(url, [...request.protocols], { ...tls, headers: identityHeaders(options) });
  const onAbort = (): void => {
    reject(signal!.reason as Error);
    socket.terminate();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  socket.on('close', () => signal?.removeEventListener('abort', onAbort));
  socket.on('error', (cause) => reject(new TransportError(`${options.server}: ${cause.message}`, { cause })));
  socket.on('unexpected-response', (_, response) => {
    readRefusal(response)
      .then((body) => {
        const answer = { status: response.statusCode ?? 500, body, warnings: [] };
        reject(responseError({ method: 'GET', path: request.path }, answer));
      }, reject)
      .finally(() => socket.terminate());
  });
  socket.on('open', () => {
    socket.pause();
    resolve(socket);
  });
  return promise;
}

async function readRefusal(response: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of response) {
    text += (chunk as Buffer).toString();
    if (text.length > REFUSAL_BYTES_MAX) break;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

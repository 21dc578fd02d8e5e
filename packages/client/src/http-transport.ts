/** Reaches an API server over HTTP/2, one connection for everything, as client-go does. */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type SecureClientSessionOptions,
} from 'node:http2';
import { isIP } from 'node:net';

import type { ServerAccess } from './kubeconfig.ts';
import { pathWithQuery } from './request-path.ts';
import { responseError } from './response-error.ts';
import {
  TransportError,
  type ApiRequest,
  type ApiResponse,
  type ByteStream,
  type Transport,
  type WatchFrame,
} from './transport.ts';

export interface HttpTransportOptions extends Pick<
  ServerAccess,
  'server' | 'authority' | 'skipVerify' | 'serverName' | 'certificate' | 'key' | 'token'
> {
  readonly userAgent?: string;
}

/** One line of a watch: larger than any object an API server accepts. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 10;

export function createHttpTransport(options: HttpTransportOptions): Transport {
  const connection = new Connection(options);
  return {
    async request(request) {
      const { stream, status, headers } = await connection.open(request);
      const body = await readAll(stream);
      return { status, body: parseBody(headers.contentType, body), warnings: headers.warnings };
    },
    async watch(request) {
      const watching = { ...request, query: { ...request.query, watch: 'true' } };
      const { stream, status, headers } = await connection.open(watching);
      if (status >= 300) {
        const body = parseBody(headers.contentType, await readAll(stream));
        throw responseError(request, { status, body, warnings: headers.warnings });
      }
      return frames(stream, request.signal);
    },
    async stream(request): Promise<ByteStream> {
      const { stream, status } = await connection.open(request);
      return { status, body: bytes(stream) };
    },
    close: () => connection.close(),
  };
}

interface Opened {
  readonly stream: ClientHttp2Stream;
  readonly status: number;
  readonly headers: { readonly contentType: string; readonly warnings: readonly string[] };
}

/** A session that is made on first use, and anew after it has broken. */
class Connection {
  readonly #options: HttpTransportOptions;
  #session: ClientHttp2Session | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
  }

  /** Resolves with the head of the answer. The signal ends the request, and also a body that is still being read. */
  open(request: ApiRequest): Promise<Opened> {
    if (request.signal?.aborted) return Promise.reject(request.signal.reason as Error);
    const { promise, resolve, reject } = Promise.withResolvers<Opened>();
    let stream: ClientHttp2Stream;
    try {
      stream = this.#sessionNow().request(this.#headersOf(request), { endStream: request.body === undefined });
    } catch (cause) {
      return Promise.reject(new TransportError((cause as Error).message, { cause }));
    }
    const { signal } = request;
    const onAbort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(signal!.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.on('close', () => {
      signal?.removeEventListener('abort', onAbort);
      reject(new TransportError(`${this.#options.server} closed the connection without an answer`));
    });
    stream.on('error', (cause) => reject(new TransportError(`${this.#options.server}: ${cause.message}`, { cause })));
    stream.on('response', (headers) => {
      const warnings = headers['warning'];
      resolve({
        stream,
        status: headers[':status'] ?? 0,
        headers: {
          contentType: headers['content-type'] ?? '',
          warnings: (Array.isArray(warnings) ? warnings : warnings ? [warnings] : []).flatMap(warningTexts),
        },
      });
    });
    if (request.body !== undefined) stream.end(encodeBody(request));
    return promise;
  }

  close(): Promise<void> {
    const session = this.#session;
    if (!session || session.destroyed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    session.once('close', resolve);
    session.destroy();
    return promise;
  }

  #sessionNow(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect(this.#options.server, tlsOptions(this.#options));
    // Every request learns of the failure through its own stream.
    session.on('error', () => {});
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    session.on('goaway', () => session.close());
    session.unref();
    this.#session = session;
    return session;
  }

  #headersOf(request: ApiRequest): Record<string, string> {
    return {
      ':method': request.method,
      ':path': pathWithQuery(request.path, request.query),
      accept: 'application/json',
      'user-agent': this.#options.userAgent ?? 'kts',
      ...(this.#options.token ? { authorization: `Bearer ${this.#options.token}` } : {}),
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    };
  }
}

function tlsOptions(options: HttpTransportOptions): SecureClientSessionOptions {
  const host = new URL(options.server).hostname.replace(/^\[|\]$/g, '');
  return {
    settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    ...(options.authority ? { ca: Buffer.from(options.authority) } : {}),
    ...(options.certificate ? { cert: Buffer.from(options.certificate) } : {}),
    ...(options.key ? { key: Buffer.from(options.key) } : {}),
    ...(options.skipVerify ? { rejectUnauthorized: false } : {}),
    // A server name that is an address is refused by TLS; its certificate is checked by address all the same.
    ...(options.serverName ? { servername: options.serverName } : isIP(host) ? { servername: '' } : {}),
  };
}

function encodeBody(request: ApiRequest): string | Uint8Array {
  const { body } = request;
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function parseBody(contentType: string, body: Buffer): ApiResponse['body'] {
  if (body.length === 0) return undefined;
  const text = body.toString();
  return contentType.startsWith('application/json') ? (JSON.parse(text) as unknown) : text;
}

async function readAll(stream: ClientHttp2Stream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes(stream)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body as it comes. A connection that breaks is a TransportError, never a short body. */
async function* bytes(stream: ClientHttp2Stream): AsyncIterableIterator<Uint8Array> {
  let isWhole = false;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    isWhole = !stream.aborted;
  } catch (cause) {
    throw new TransportError((cause as Error).message, { cause });
  } finally {
    // The reader has gone away before the end.
    if (!isWhole && !stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  }
  if (!isWhole) throw new TransportError('the server broke off its answer');
}

/** One JSON document per line. */
async function* frames(stream: ClientHttp2Stream, signal: AbortSignal | undefined): AsyncIterableIterator<WatchFrame> {
  let rest: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of bytes(stream)) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        rest.push(chunk.subarray(start, end));
        yield JSON.parse(Buffer.concat(rest).toString()) as WatchFrame;
        rest = [];
        size = 0;
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > FRAME_BYTES_MAX) throw new TransportError(`a watch event is larger than ${FRAME_BYTES_MAX} bytes`);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

/** The texts of a `Warning` header: `299 - "text", 299 - "text"`. */
export function warningTexts(header: string): readonly string[] {
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replaceAll(/\\(.)/g, '$1'));
}

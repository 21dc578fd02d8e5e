/**
 * The client's side of gRPC over one HTTP/2 connection: calls with one answer, streams of answers, and streams both ways.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket, isIP } from 'node:net';

import { onAbort, pingWhenSilent, systemClock, type Clock } from '@kts/base';

import type { CallOptions } from './call-options.ts';
import { frame, FrameReader, MESSAGE_BYTES_MAX, SESSION_MEGABYTES_MAX } from './frames.ts';
import { decodeMessage, GrpcError, grpcCodeOf } from './grpc-error.ts';

/** Who we are and whom we believe, in PEM. */
export interface GrpcTls {
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface GrpcChannelOptions {
  /** `http://host:port`, `https://host:port`, or `unix:///path`. */
  readonly endpoint: string;
  readonly tls?: GrpcTls;
  /** Sent with every call. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Tests a silent connection with pings, and gives it up without an answer: for servers on other machines. */
  readonly keepAlive?: boolean;
  readonly messageBytesMax?: number;
  readonly clock?: Clock;
}

export interface StreamHandler {
  onMessage(message: Uint8Array): void;
  /** The last call, but not after `close`: why the stream broke; undefined if the server has ended it well. */
  onEnd(error: Error | undefined): void;
}

export interface DuplexStream {
  send(message: Uint8Array): void;
  close(): void;
}

/** A stream that has begun. */
interface Exchange {
  readonly stream: ClientHttp2Stream;
  /** Resolves with what the stream broke of; undefined if the server has ended it well. */
  readonly ended: Promise<Error | undefined>;
  /** Ends it from this side. */
  readonly giveUp: (reason: Error) => void;
}

const WINDOW_BYTES = 16 * 1024 * 1024;
/** How long a connection may be silent until it is tested, and a test may take. As Go's clients of Kubernetes. */
const PING_TIMES = { pingAfterMs: 30_000, pingTimeoutMs: 10_000 };
/** What Go says to these errors of a connection. */
const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ECONNREFUSED: 'connection refused',
  EACCES: 'permission denied',
};

/** A connection. Once it is over it stays over: make another one. */
export class GrpcChannel {
  readonly endpoint: string;
  readonly #session: ClientHttp2Session;
  readonly #connected = Promise.withResolvers<void>();
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #messageBytesMax: number;
  readonly #clock: Clock;
  #problem: string | undefined;

  /** Starts to connect. */
  constructor(options: GrpcChannelOptions) {
    this.endpoint = options.endpoint;
    this.#metadata = options.metadata ?? {};
    this.#messageBytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
    this.#clock = options.clock ?? systemClock;
    const session = openSession(options);
    this.#session = session;
    this.#connected.promise.catch(() => {});
    session.on('connect', () => {
      session.setLocalWindowSize(WINDOW_BYTES);
      this.#connected.resolve();
    });
    session.on('error', (error) => (this.#problem ??= dialProblem(this.endpoint, error)));
    session.on('goaway', () => session.close());
    session.on('close', () => this.#connected.reject(this.#unsent()));
    if (options.keepAlive) pingWhenSilent(session, PING_TIMES);
  }

  /** Resolves once calls can be made; rejects with a GrpcError. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get over(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  /** Rejects with a GrpcError, or with the signal's reason. */
  async call(path: string, message: Uint8Array, { signal, timeoutMs }: CallOptions = {}): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const request = frame(message, this.#messageBytesMax);
    let answer: Uint8Array | undefined;
    const { stream, ended, giveUp } = this.#begin(path, timeoutMs, (bytes) => (answer = bytes));
    using _subscription = signal && onAbort(signal, () => giveUp(signal.reason as Error));
    const late = (): void => giveUp(new GrpcError('DeadlineExceeded', 'context deadline exceeded'));
    const deadline = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, late);
    stream.end(request);
    const end = await ended;
    deadline?.cancel();
    if (end) throw end;
    if (!answer) throw new GrpcError('Internal', 'the server has sent no answer');
    return answer;
  }

  /** The answers to one message. Throws a GrpcError if the stream breaks; ends with the signal. */
  async *answers(path: string, message: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (signal.aborted) return;
    const received: Uint8Array[] = [];
    let more = Promise.withResolvers<void>();
    const { stream, ended, giveUp } = this.#begin(path, undefined, (bytes) => {
      received.push(bytes);
      stream.pause();
      more.resolve();
    });
    using _subscription = onAbort(signal, () => giveUp(signal.reason as Error));
    let isOver = false;
    void ended.then(() => {
      isOver = true;
      more.resolve();
    });
    stream.end(frame(message));
    try {
      while (!signal.aborted) {
        if (received.length > 0) yield received.shift()!;
        else if (isOver) break;
        else {
          more = Promise.withResolvers();
          stream.resume();
          await more.promise;
        }
      }
    } finally {
      stream.close(constants.NGHTTP2_CANCEL);
    }
    const end = await ended;
    if (end && !signal.aborted) throw end;
  }

  /** Throws a GrpcError. */
  duplex(path: string, handler: StreamHandler): DuplexStream {
    let isClosed = false;
    const { stream, ended } = this.#begin(path, undefined, (message) => {
      if (!isClosed) handler.onMessage(message);
    });
    void ended.then((end) => {
      if (!isClosed) handler.onEnd(end);
    });
    return {
      send: (message) => void stream.write(frame(message)),
      close: () => {
        isClosed = true;
        stream.close(constants.NGHTTP2_CANCEL);
      },
    };
  }

  close(): void {
    this.#session.destroy();
  }

  /** Throws a GrpcError if the connection is over. */
  #begin(path: string, timeoutMs: number | undefined, onMessage: (message: Uint8Array) => void): Exchange {
    if (this.over) throw this.#unsent();
    const stream = this.#session.request(
      {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
        ...this.#metadata,
      },
      { endStream: false },
    );
    const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>();
    const giveUp = (reason: Error): void => {
      resolve(reason);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const readStatus = (headers: IncomingHttpHeaders): void => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      const code = grpcCodeOf(Number(status));
      resolve(code === 'OK' ? undefined : new GrpcError(code, decodeMessage(String(headers['grpc-message'] ?? ''))));
    };
    const frames = new FrameReader(onMessage, this.#messageBytesMax);
    stream.on('response', (headers) => {
      if (headers[':status'] === 200) readStatus(headers);
      else
        giveUp(new GrpcError('Unavailable', `unexpected HTTP status code received from server: ${headers[':status']}`));
    });
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        giveUp(error as Error);
      }
    });
    const broken = (reason: string): void =>
      resolve(new GrpcError('Unavailable', `error reading from server: ${reason}`));
    stream.on('error', (error) => broken(error.message));
    stream.on('close', () => broken(this.#problem ?? 'EOF'));
    return { stream, ended, giveUp };
  }

  #unsent(): GrpcError {
    const problem = this.#problem ?? `${this.endpoint}: the connection was closed`;
    return new GrpcError('Unavailable', `connection error: desc = "transport: ${problem}"`, { wasSent: false });
  }
}

function openSession({ endpoint, tls = {} }: GrpcChannelOptions): ClientHttp2Session {
  const settings = { initialWindowSize: WINDOW_BYTES, enablePush: false };
  const limits = { maxSessionMemory: SESSION_MEGABYTES_MAX };
  const { protocol, hostname, pathname } = new URL(endpoint);
  if (protocol === 'unix:') {
    return connect('http://localhost', {
      ...limits,
      settings,
      createConnection: () => connectSocket(decodeURI(pathname)),
    });
  }
  return connect(endpoint, {
    ...limits,
    settings,
    ...(tls.authority ? { ca: tls.authority } : {}),
    ...(tls.certificate ? { cert: tls.certificate } : {}),
    ...(tls.key ? { key: tls.key } : {}),
    // TLS has no server names that are addresses; the certificate is checked against the address all the same.
    ...(isIP(hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: hostname }),
  });
}

/** Why there is no connection, in Go's words where it has some. */
function dialProblem(endpoint: string, error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const target = endpoint.startsWith('unix:')
    ? `unix ${decodeURI(new URL(endpoint).pathname)}`
    : `tcp ${new URL(endpoint).host}`;
  return `Error while dialing: dial ${target}: connect: ${SYSTEM_ERRORS[code ?? ''] ?? message}`;
}

/**
 * gRPC over one HTTP/2 connection, as much of it as etcd needs: calls with one answer, and streams both ways.
 * Written here because grpc-js takes twice the time per call and cannot do TLS to an address on this Node.js.
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
import { isIP } from 'node:net';

/** Who we are and whom we believe, in PEM. */
export interface EtcdTls {
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** Codes that are decided on. Source: google.golang.org/grpc/codes */
export const GRPC_CODE = {
  notFound: 5,
  outOfRange: 11,
  unavailable: 14,
} as const;

export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: number;
  /** The server may have seen the call. */
  readonly wasSent: boolean;

  constructor(code: number, message: string, wasSent: boolean) {
    super(message);
    this.code = code;
    this.wasSent = wasSent;
  }
}

/** How calls end that have succeeded. */
const FINISHED = new GrpcError(0, 'the server ended the call', true);

export interface StreamHandler {
  onMessage(message: Uint8Array): void;
  /** The last call, but not after `close`. */
  onEnd(error: GrpcError): void;
}

export interface DuplexStream {
  send(message: Uint8Array): void;
  close(): void;
}

const WINDOW_BYTES = 16 * 1024 * 1024;
const HTTP_FRAME_BYTES = 1024 * 1024;
const FRAME_HEADER_BYTES = 5;
/** A connection that has been silent for so long is tested with a ping, and given up without an answer. As upstream's client. */
const PING_AFTER_MS = 30_000;
const PING_TIMEOUT_MS = 10_000;

export class GrpcChannel {
  readonly endpoint: string;
  readonly #session: ClientHttp2Session;
  readonly #connected = Promise.withResolvers<void>();
  #problem: string | undefined;

  /** Starts to connect. */
  constructor(endpoint: string, tls: EtcdTls) {
    this.endpoint = endpoint;
    const { hostname } = new URL(endpoint);
    const session = connect(endpoint, {
      settings: { initialWindowSize: WINDOW_BYTES, maxFrameSize: HTTP_FRAME_BYTES, enablePush: false },
      ...(tls.authority ? { ca: tls.authority } : {}),
      ...(tls.certificate ? { cert: tls.certificate } : {}),
      ...(tls.key ? { key: tls.key } : {}),
      // TLS has no server names that are addresses; the certificate is checked against the address all the same.
      ...(isIP(hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: hostname }),
    });
    this.#session = session;
    this.#connected.promise.catch(() => {});
    session.on('connect', () => {
      session.setLocalWindowSize(WINDOW_BYTES);
      this.#connected.resolve();
    });
    session.on('error', (error) => (this.#problem ??= error.message));
    session.on('goaway', () => session.close());
    session.on('close', () =>
      this.#connected.reject(unavailable(`${endpoint}: ${this.#problem ?? 'the connection was closed'}`, false)),
    );
    this.#pingWhenSilent();
  }

  /** Resolves once calls can be made; rejects with a GrpcError. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get over(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  /** Rejects with a GrpcError. */
  call(path: string, message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    let answer: Uint8Array | undefined;
    const stream = this.#open(path, {
      onMessage: (bytes) => (answer = bytes),
      onEnd: (error) => {
        if (error === FINISHED && answer) resolve(answer);
        else reject(error);
      },
    });
    if (!stream) return Promise.reject(this.#unsent());
    const abort = (): void => stream.close(constants.NGHTTP2_CANCEL);
    if (signal.aborted) abort();
    else {
      signal.addEventListener('abort', abort, { once: true });
      stream.on('close', () => signal.removeEventListener('abort', abort));
    }
    stream.end(frame(message));
    return promise;
  }

  /** Throws a GrpcError. */
  duplex(path: string, handler: StreamHandler): DuplexStream {
    let isClosed = false;
    const stream = this.#open(path, {
      onMessage: (message) => {
        if (!isClosed) handler.onMessage(message);
      },
      onEnd: (error) => {
        if (!isClosed) handler.onEnd(error);
      },
    });
    if (!stream) throw this.#unsent();
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

  /** Undefined: the connection is over. */
  #open(path: string, handler: StreamHandler): ClientHttp2Stream | undefined {
    if (this.over) return undefined;
    const stream = this.#session.request(
      {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        // A member that is cut off from the others says so instead of keeping silent.
        hasleader: 'true',
      },
      { endStream: false },
    );
    let status: GrpcError | undefined;
    const readStatus = (headers: IncomingHttpHeaders): void => {
      status ??= statusOf(headers);
    };
    const frames = new FrameReader((message) => handler.onMessage(message));
    stream.on('response', (headers) => {
      const http = headers[':status'];
      if (http !== 200) status = unavailable(`${this.endpoint}: HTTP status ${http}`, true);
      else readStatus(headers);
    });
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => frames.push(chunk));
    stream.on('error', (error) => (status ??= unavailable(`${this.endpoint}: ${error.message}`, true)));
    stream.on('close', () =>
      handler.onEnd(status ?? unavailable(`${this.endpoint}: ${this.#problem ?? 'the connection broke'}`, true)),
    );
    return stream;
  }

  #unsent(): GrpcError {
    return unavailable(`${this.endpoint}: ${this.#problem ?? 'the connection was closed'}`, false);
  }

  #pingWhenSilent(): void {
    const session = this.#session;
    let unanswered = false;
    session.setTimeout(PING_AFTER_MS);
    session.on('timeout', () => {
      if (unanswered || session.connecting) {
        session.destroy(new Error('the server does not answer'));
        return;
      }
      unanswered = session.ping(() => {
        unanswered = false;
        session.setTimeout(PING_AFTER_MS);
      });
      session.setTimeout(PING_TIMEOUT_MS);
    });
  }
}

/** Puts messages together from the chunks they arrive in. */
export class FrameReader {
  readonly #onMessage: (message: Uint8Array) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes of the frame that is being read, its header included; undefined: not known yet. */
  #wanted: number | undefined;

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= (this.#wanted ?? FRAME_HEADER_BYTES)) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#length);
      this.#wanted ??= FRAME_HEADER_BYTES + bytes.readUInt32BE(1);
      this.#chunks = [bytes];
      if (this.#length < this.#wanted) return;
      const message = bytes.subarray(FRAME_HEADER_BYTES, this.#wanted);
      const rest = bytes.subarray(this.#wanted);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#length = rest.length;
      this.#wanted = undefined;
      this.#onMessage(message);
    }
  }
}

function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, FRAME_HEADER_BYTES);
  return bytes;
}

function statusOf(headers: IncomingHttpHeaders): GrpcError | undefined {
  const code = headers['grpc-status'];
  if (code === undefined) return undefined;
  if (code === '0') return FINISHED;
  const message = String(headers['grpc-message'] ?? '');
  return new GrpcError(Number(code), decodeURIComponent(message.replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25')), true);
}

function unavailable(message: string, wasSent: boolean): GrpcError {
  return new GrpcError(GRPC_CODE.unavailable, message, wasSent);
}

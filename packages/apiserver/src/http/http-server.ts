/**
 * Listens for HTTP/2 and HTTP/1.1 over TLS on one port. HTTP/2 is what every client speaks for ordinary requests;
 * HTTP/1.1 is there for upgrades (exec, attach, port-forward) and for simple tools.
 */
import type { IncomingMessage, Server } from 'node:http';
import {
  performServerHandshake,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';

import type { Clock, Logger, Random } from '@kts/base';

import type { Connection, Upgrade } from '../request.ts';
import { http1Sink } from './http1-sink.ts';
import { http2Sink } from './http2-sink.ts';
import { HttpRequest } from './http-request.ts';
import { createServer as createHttpServer, ServerResponse } from './node-http.ts';
import { peerCertificateOf, type PeerAuthorities } from './peer-certificate.ts';
import type { ResponseSink } from './response-sink.ts';
import { parseTarget } from './target.ts';

/** Requests at a time on one connection. */
const STREAMS_PER_CONNECTION_MAX = 250;
/** What a client may send on one stream before it must wait. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** Commands of exec are in the path, and may be long. */
const HEADER_BYTES_MAX = 1024 * 1024;
/** Memory of one connection, in MB: its watches' unsent events count here. */
const SESSION_MEMORY_MB_MAX = 256;
/** How long a connection may idle; a client that sends its next request just when it is closed gets no answer. */
const IDLE_MS_MAX = 90_000;
const HTTP2 = 'h2';
/** What running requests get to end when the server closes. */
const CLOSE_GRACE_MS = 1000;

export interface TlsMaterial extends SecureContextOptions {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** The authorities that certificates of clients and proxies are checked against. */
  readonly ca: string[];
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsMaterial;
  readonly authorities: PeerAuthorities;
  /** Answers a request. Must not reject. */
  readonly serve: (request: HttpRequest, sink: ResponseSink) => Promise<void>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly random: Pick<Random, 'uuid'>;
  readonly log: Logger;
}

export interface HttpServer {
  readonly address: AddressInfo;
  /** Serves a connection that somebody else has accepted, on another address or in another network. */
  accept(connection: Duplex): void;
  /** New connections use the new certificates; those that exist go on. */
  replaceCertificates(tls: TlsMaterial): void;
  /** Refuses new connections, lets running requests end for a while, then closes what is left. */
  close(): Promise<void>;
}

export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const open: OpenConnections = { sockets: new Set(), sessions: new Set(), busy: new Set() };
  const http1 = http1Server(options, open);
  const server = createTlsServer(
    { ...options.tls, ALPNProtocols: [HTTP2, 'http/1.1'], requestCert: true, rejectUnauthorized: false },
    (socket) => {
      socket.setNoDelay(true);
      open.sockets.add(socket);
      socket.once('close', () => open.sockets.delete(socket));
      if (socket.alpnProtocol === HTTP2) startSession(socket, options, open);
      else http1.emit('connection', socket);
    },
  );
  server.on('tlsClientError', (error) => options.log.debug(2, 'TLS handshake failed', { error }));
  await listening(server, options);
  return {
    address: server.address() as AddressInfo,
    accept: (connection) => void server.emit('connection', connection),
    replaceCertificates: (tls) => server.setSecureContext(tls),
    close: () => closeGently(server, open, options),
  };
}

/** What has to end before the server has closed. */
interface OpenConnections {
  readonly sockets: Set<TLSSocket>;
  readonly sessions: Set<ServerHttp2Session>;
  /** HTTP/1.1 connections that have a request running. */
  readonly busy: Set<Duplex>;
}

async function closeGently(server: TlsServer, open: OpenConnections, { clock }: HttpServerOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of open.sessions) session.close();
  for (const socket of open.sockets) {
    if (socket.alpnProtocol !== HTTP2 && !open.busy.has(socket)) socket.destroy();
  }
  const grace = new AbortController();
  await Promise.race([closed, clock.sleep(CLOSE_GRACE_MS, grace.signal).catch(() => {})]);
  grace.abort();
  for (const session of open.sessions) session.destroy();
  for (const socket of open.sockets) socket.destroy();
  await closed;
}

function listening(server: TlsServer, { port, host }: HttpServerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
  return promise;
}

function startSession(socket: TLSSocket, options: HttpServerOptions, { sessions }: OpenConnections): void {
  const connection = connectionOf(socket, options);
  const session = performServerHandshake(socket, {
    maxSessionMemory: SESSION_MEMORY_MB_MAX,
    settings: {
      maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: HEADER_BYTES_MAX,
    },
  }) as ServerHttp2Session;
  sessions.add(session);
  session.once('close', () => sessions.delete(session));
  session.on('error', (error) => options.log.debug(2, 'HTTP/2 connection failed', { error }));
  session.on('stream', (stream, headers, flags, rawHeaders) => {
    onStream(stream as ServerHttp2Stream, headers, flags, rawHeaders as unknown as string[], connection, options);
  });
}

/** The flag of a request that ends with its headers. */
const END_STREAM = 0x1;

function onStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
  connection: Connection,
  options: HttpServerOptions,
): void {
  stream.on('error', (error) => options.log.debug(2, 'HTTP/2 stream failed', { error }));
  const request = requestOf(options, {
    method: headers[':method'] ?? 'GET',
    target: headers[':path'] ?? '/',
    headers,
    rawHeaders,
    ...(flags & END_STREAM ? {} : { body: stream }),
    connection,
  });
  stream.once('close', () => request.cancel());
  void options.serve(request, http2Sink(stream));
}

function http1Server(options: HttpServerOptions, { busy }: OpenConnections): Server {
  const server = createHttpServer(
    { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: IDLE_MS_MAX },
    (incoming, response) => {
      busy.add(incoming.socket);
      response.once('close', () => busy.delete(incoming.socket));
      const request = http1Request(incoming, connectionOf(incoming.socket as TLSSocket, options), options);
      response.once('close', () => request.cancel());
      void options.serve(request, http1Sink(response));
    },
  );
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const upgrade: Upgrade = { request: incoming, socket, head };
    const connection: Connection = { ...connectionOf(incoming.socket as TLSSocket, options), upgrade } as Connection;
    const request = http1Request(incoming, connection, options);
    busy.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => busy.delete(socket));
    socket.once('close', () => request.cancel());
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    void options.serve(request, upgradeSink(response, socket));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

/** Touches the socket only if the upgrade was refused and an ordinary answer is written. */
function upgradeSink(response: InstanceType<typeof ServerResponse>, socket: Duplex): ResponseSink {
  const sink = http1Sink(response);
  return {
    ...sink,
    head(status, headers, last) {
      response.assignSocket(socket as never);
      response.once('finish', () => socket.end());
      sink.head(status, headers, last);
    },
    get closed() {
      return socket.destroyed;
    },
  };
}

function http1Request(incoming: IncomingMessage, connection: Connection, options: HttpServerOptions): HttpRequest {
  const { method = 'GET', url = '/', headers, rawHeaders } = incoming;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return requestOf(options, {
    method,
    target: url,
    headers,
    rawHeaders,
    ...(hasBody ? { body: incoming } : {}),
    connection,
  });
}

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body?: ServerHttp2Stream | IncomingMessage;
  readonly connection: Connection;
}

function requestOf(options: HttpServerOptions, line: RequestLine): HttpRequest {
  const { target, ...rest } = line;
  return new HttpRequest({
    ...rest,
    ...parseTarget(target),
    auditId: (line.headers['audit-id'] as string | undefined) || options.random.uuid(),
    receivedAt: options.clock.now(),
  });
}

/** By socket: requests of one connection share what is known about it. */
const connections = new WeakMap<TLSSocket, Connection>();

function connectionOf(socket: TLSSocket, { authorities }: HttpServerOptions): Connection {
  return connections.getOrInsertComputed(socket, () => {
    const peerCertificate = peerCertificateOf(socket, authorities);
    return {
      kind: 'http',
      remoteAddress: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      ...(peerCertificate ? { peerCertificate } : {}),
    };
  });
}

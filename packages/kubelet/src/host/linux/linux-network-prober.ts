/**
 * Probes of pods, from the node's network. Failures carry Go's words, because they are shown in events.
 *
 * Mirrors: pkg/probe/{http,tcp,grpc} (v1.36)
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';

import { childSignal, type Clock } from '@kts/base';
import { ProtoReader, ProtoWriter, WIRE_BYTES } from '@kts/apimachinery';
import { GrpcError, grpcCodeOf } from '@kts/grpc';
import type { NetworkNamespace } from '@kts/host-linux';

import type { HttpProbeRequest, HttpProbeResponse, NetworkProber } from '../node-host.ts';

const HEALTH = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const HTTP_TIMEOUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

export function linuxNetworkProber(network: NetworkNamespace, clock: Clock): NetworkProber {
  return {
    http: (request, signal) =>
      within(clock, request.timeoutMs, signal, new Error(HTTP_TIMEOUT), (limit) => probeHttp(network, request, limit)),
    tcp: (host, port, timeoutMs, signal) =>
      within(clock, timeoutMs, signal, new Error(`dial tcp ${address(host, port)}: i/o timeout`), async (limit) => {
        (await dial(network, host, port, limit)).destroy();
      }),
    grpc: (request, signal) => {
      const late = new GrpcError('DeadlineExceeded', `health rpc did not complete within ${request.timeoutMs / 1000}s`);
      return within(clock, request.timeoutMs, signal, late, (limit) => probeGrpc(network, request, limit));
    },
  };
}

/** Runs `work` with a signal that is aborted after the time or with its parent; the time's end rejects with `late`. */
async function within<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  late: Error,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  using child = childSignal(signal);
  const timer = clock.after(timeoutMs, () => child.abort(late));
  try {
    return await work(child.signal);
  } catch (error) {
    throw child.signal.aborted ? (child.signal.reason as Error) : error;
  } finally {
    timer.cancel();
  }
}

/** A connection, or Go's error of it. */
function dial(network: NetworkNamespace, host: string, port: number, limit: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = network.connect(port, host);
  const onAbort = (): void => {
    socket.destroy();
    reject(limit.reason as Error);
  };
  limit.addEventListener('abort', onAbort, { once: true });
  socket.once('connect', () => {
    limit.removeEventListener('abort', onAbort);
    resolve(socket);
  });
  socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(dialText(host, port, error))));
  return promise;
}

async function probeHttp(
  network: NetworkNamespace,
  request: HttpProbeRequest,
  limit: AbortSignal,
): Promise<HttpProbeResponse> {
  const socket = await dial(network, request.host, request.port, limit);
  const { promise, resolve, reject } = Promise.withResolvers<HttpProbeResponse>();
  const isTls = request.scheme === 'https';
  const options: RequestOptions = {
    method: 'GET',
    path: request.path,
    headers: headersOf(request),
    setHost: false,
    createConnection: () => (isTls ? connectTls({ socket, rejectUnauthorized: false }) : socket),
  };
  const sent = (isTls ? httpsRequest : httpRequest)(options, (answer) => {
    readBody(answer, request.maxBodyBytes).then(
      (body) =>
        resolve({
          statusCode: answer.statusCode ?? 0,
          body,
          ...(answer.headers.location ? { location: answer.headers.location } : {}),
        }),
      reject,
    );
  });
  const onAbort = (): void => void sent.destroy(limit.reason as Error);
  limit.addEventListener('abort', onAbort, { once: true });
  sent.on('error', (error: NodeJS.ErrnoException) => reject(new Error(readText(request, error))));
  sent.end();
  try {
    return await promise;
  } finally {
    limit.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** `Host` stands in for the address unless the probe names one; the connection is used once. */
function headersOf({ headers, host, port }: HttpProbeRequest): Record<string, string> {
  return { Host: address(host, port), Connection: 'close', ...Object.fromEntries(headers) };
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString();
}

async function probeGrpc(
  network: NetworkNamespace,
  request: { readonly host: string; readonly port: number; readonly service: string },
  limit: AbortSignal,
): Promise<(typeof HEALTH)[number]> {
  const socket = await dial(network, request.host, request.port, limit);
  const session = connectHttp2(`http://${address(request.host, request.port)}`, { createConnection: () => socket });
  const { promise, resolve, reject } = Promise.withResolvers<(typeof HEALTH)[number]>();
  session.on('error', reject);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'kube-probe/1.36',
  });
  const onAbort = (): void => {
    stream.close(constants.NGHTTP2_CANCEL);
    reject(limit.reason as Error);
  };
  limit.addEventListener('abort', onAbort, { once: true });
  const chunks: Buffer[] = [];
  const failOn = (headers: IncomingHttpHeaders): void => {
    const status = Number(headers['grpc-status'] ?? 0);
    if (status !== 0)
      reject(new GrpcError(grpcCodeOf(status), decodeURIComponent([headers['grpc-message'] ?? ''].flat().join(', '))));
  };
  stream.on('response', failOn);
  stream.on('trailers', failOn);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', reject);
  stream.on('end', () => resolve(HEALTH[healthOf(Buffer.concat(chunks))] ?? 'UNKNOWN'));
  stream.end(grpcFrame(new ProtoWriter().tag(1, WIRE_BYTES).string(request.service).finish()));
  try {
    return await promise;
  } finally {
    limit.removeEventListener('abort', onAbort);
    session.destroy();
  }
}

/** One uncompressed message: a flag byte and its length stand before it. */
function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The status in a HealthCheckResponse. */
function healthOf(frame: Uint8Array): number {
  const reader = new ProtoReader(frame, Math.min(5, frame.length));
  let status = 0;
  while (!reader.isAtEnd) {
    const { field, wire } = reader.tag();
    if (field === 1) status = reader.int32();
    else reader.skip(wire);
  }
  return status;
}

function address(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const GO_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

function dialText(host: string, port: number, error: NodeJS.ErrnoException): string {
  return `dial tcp ${address(host, port)}: connect: ${GO_ERRORS[error.code ?? ''] ?? error.message}`;
}

function readText(request: HttpProbeRequest, error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET' && error.message.includes('socket hang up')) return 'EOF';
  const reason = GO_ERRORS[error.code ?? ''];
  return reason ? `read tcp ${address(request.host, request.port)}: ${reason}` : error.message;
}

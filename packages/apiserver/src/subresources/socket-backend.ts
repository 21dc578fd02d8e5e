import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

import { request as httpRequest } from '../http/node-http.ts';
import type { BackendConnector, BackendRequest, BackendResponse, BackendTarget } from './backend.ts';

/** The certificate that the server shows kubelets, and the authorities it believes about theirs; all PEM. */
export interface KubeletTls {
  readonly certificate: string;
  readonly key: string;
  /** Absent: a kubelet's certificate is not checked, as upstream does without `--kubelet-certificate-authority`. */
  readonly authority?: string;
}

/** A TCP connection, still connecting when returned. Nodes and pods may live in another network than this process. */
export type Dial = (port: number, host: string) => Socket;

/** From this machine's own network. */
export const dialDirectly: Dial = (port, host) => connectTcp({ port, host });

/** What a connection gets to be made. */
const DIAL_MS_MAX = 30_000;

/** Reaches backends over real sockets. */
export function socketBackend(
  tls: KubeletTls,
  dialPlainly: Dial = dialDirectly,
  dialMsMax: number = DIAL_MS_MAX,
): BackendConnector {
  const dial: Dial = (port, host) => inTime(dialPlainly(port, host), port, host, dialMsMax);
  return {
    request: (target, request) => send(tls, dial, target, request),
    connect: (target) => open(tls, dial, target),
  };
}

function tlsOptions(tls: KubeletTls, { identity }: BackendTarget) {
  if (identity === 'anonymous') return { rejectUnauthorized: false };
  return {
    cert: tls.certificate,
    key: tls.key,
    ...(tls.authority ? { ca: tls.authority } : { rejectUnauthorized: false }),
  };
}

function send(tls: KubeletTls, dial: Dial, target: BackendTarget, request: BackendRequest): Promise<BackendResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<BackendResponse>();
  const options = {
    host: target.host,
    port: target.port,
    method: request.method,
    path: request.path,
    headers: request.headers,
    signal: request.signal,
  };
  const onResponse = (response: IncomingMessage): void => {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(response.headers)) if (value !== undefined) headers[name] = value;
    resolve({ status: response.statusCode ?? 502, headers, body: response });
  };
  const createConnection = (): Socket => socketTo(tls, dial, target);
  const sent =
    target.scheme === 'https'
      ? httpsRequest({ ...options, createConnection }, onResponse)
      : httpRequest({ ...options, createConnection }, onResponse);
  sent.once('error', reject);
  const { body } = request;
  if (body === undefined || body instanceof Uint8Array) sent.end(body);
  else {
    body.once('error', (error) => sent.destroy(error));
    body.pipe(sent);
  }
  return promise;
}

function open(tls: KubeletTls, dial: Dial, target: BackendTarget): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const socket = socketTo(tls, dial, target);
  socket.once(target.scheme === 'https' ? 'secureConnect' : 'connect', () => resolve(socket));
  // Not once: a failure to connect is told by the socket below and by TLS.
  socket.on('error', reject);
  return promise;
}

function inTime(socket: Socket, port: number, host: string, ms: number): Socket {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  socket.setTimeout(ms, () => {
    if (socket.connecting) socket.destroy(new Error(`dial tcp ${authority}: i/o timeout`));
  });
  socket.once('connect', () => socket.setTimeout(0));
  return socket;
}

function socketTo(tls: KubeletTls, dial: Dial, target: BackendTarget): Socket {
  const socket = dial(target.port, target.host);
  if (target.scheme !== 'https') return socket;
  const secure = connectTls({ socket, ...tlsOptions(tls, target) });
  // A connection that cannot be made is an error of the socket below.
  socket.once('error', (error) => secure.destroy(error));
  return secure;
}

import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
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

/** Reaches backends over real sockets. */
export function socketBackend(tls: KubeletTls): BackendConnector {
  return {
    request: (target, request) => send(tls, target, request),
    connect: (target) => open(tls, target),
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

function send(tls: KubeletTls, target: BackendTarget, request: BackendRequest): Promise<BackendResponse> {
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
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers[name] = value;
    resolve({ status: response.statusCode ?? 502, headers, body: response });
  };
  const sent =
    target.scheme === 'https'
      ? httpsRequest({ ...options, ...tlsOptions(tls, target) }, onResponse)
      : httpRequest(options, onResponse);
  sent.once('error', reject);
  sent.end(request.body);
  return promise;
}

function open(tls: KubeletTls, target: BackendTarget): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const { host, port } = target;
  const socket =
    target.scheme === 'https'
      ? connectTls({ host, port, ...tlsOptions(tls, target) }, () => resolve(socket))
      : connectTcp({ host, port }, () => resolve(socket));
  socket.once('error', reject);
  return promise;
}

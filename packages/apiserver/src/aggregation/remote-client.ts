/**
 * Connections to other API servers, to which this one shows itself as the cluster's front proxy.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go and
 * staging/src/k8s.io/apiserver/pkg/util/proxy/proxy.go (v1.36)
 * Differs: Services are resolved to their endpoints, as with `--enable-aggregator-routing`, because cluster addresses lead
 * nowhere from a control plane that is no node.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import type { ResolveService } from '../admission/webhook/service-endpoint.ts';
import type { Dial } from '../subresources/socket-backend.ts';
import { isSameServer, type RemoteApi } from './remote-api.ts';

/** The certificate by which other servers know this one; PEM. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface RemoteRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

export interface RemoteResponse {
  readonly status: number;
  /** The first value of each header. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** An API server of the same process, which is asked without a connection. Rejects if there is no answer. */
export type InProcessServer = (request: RemoteRequest) => Promise<RemoteResponse>;

export interface RemoteClient {
  /** Whether the server is part of this process, and has no Service that leads to it. */
  isInProcess(api: RemoteApi): boolean;
  /** Rejects if there is no answer. */
  request(api: RemoteApi, request: RemoteRequest): Promise<RemoteResponse>;
  /** A secured connection for a request that changes its protocol. */
  connect(api: RemoteApi): Promise<Duplex>;
  /** Closes the connections that are kept for later requests. */
  close(): void;
}

const IDLE_CONNECTION_MS = 90_000;

export interface RemoteClientParts {
  readonly certificate: () => ClientCertificate;
  readonly dial: Dial;
  readonly resolve: ResolveService;
  /** By `namespace/name` of the Service that stands for them. */
  readonly inProcess?: ReadonlyMap<string, InProcessServer>;
}

export function createRemoteClient(parts: RemoteClientParts): RemoteClient {
  const inProcess = ({ service }: RemoteApi): InProcessServer | undefined =>
    parts.inProcess?.get(`${service.namespace}/${service.name}`);
  const agents = new Map<string, { readonly api: RemoteApi; readonly agent: Agent }>();
  const agentFor = (api: RemoteApi): Agent => {
    const known = agents.get(api.name);
    if (known && isSameServer(known.api, api) && known.api.insecure === api.insecure) return known.agent;
    known?.agent.destroy();
    const agent = new Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
    agent.createConnection = (_options, onConnected) => {
      connect(parts, api).then(
        (socket) => onConnected?.(null, socket),
        (error: unknown) => onConnected?.(error as Error, undefined as never),
      );
      return undefined;
    };
    agents.set(api.name, { api, agent });
    return agent;
  };
  return {
    isInProcess: (api) => inProcess(api) !== undefined,
    request: (api, request) => inProcess(api)?.(request) ?? send(agentFor(api), api, request),
    connect: async (api) => {
      if (inProcess(api)) throw new Error('connections are not upgraded in process');
      const socket = await connect(parts, api);
      const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
      socket.once('secureConnect', () => resolve(socket));
      // Not once: a failure to connect is told by the socket below and by TLS.
      socket.on('error', reject);
      return promise;
    },
    close: () => {
      for (const { agent } of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

async function connect({ certificate, dial, resolve }: RemoteClientParts, api: RemoteApi): Promise<TLSSocket> {
  const endpoint = await resolve(api.service);
  const socket = dial(endpoint.port, endpoint.host);
  const own = certificate();
  const secure = connectTls({
    socket,
    servername: api.host,
    cert: own.certificate,
    key: own.key,
    rejectUnauthorized: !api.insecure,
    ...(api.ca === undefined ? {} : { ca: api.ca }),
  });
  // A connection that cannot be made is an error of the socket below.
  socket.once('error', (error) => secure.destroy(error));
  return secure;
}

function send(agent: Agent, api: RemoteApi, request: RemoteRequest): Promise<RemoteResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<RemoteResponse>();
  const { method, path, signal, body } = request;
  const headers = { host: `${api.host}:${api.service.port}`, ...(request.headers as Record<string, string>) };
  const sent = httpsRequest({ agent, method, path, headers, signal }, (response) => {
    const received: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      const first = Array.isArray(value) ? value[0] : value;
      if (first !== undefined) received[name] = first;
    }
    resolve({ status: response.statusCode ?? 502, headers: received, body: response });
  });
  sent.once('error', (error: Error & { readonly code?: string }) => {
    // A connection that was kept may have been closed at the other end meanwhile.
    const stale = sent.reusedSocket && !signal.aborted && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    if (stale) send(agent, api, request).then(resolve, reject);
    else reject(error);
  });
  sent.end(body);
  return promise;
}

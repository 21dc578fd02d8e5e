import { Agent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import type { WebhookClientConfig } from '@kts/api/types/admissionregistration-v1';

import type { Dial } from '../../subresources/socket-backend.ts';
import type { Endpoint, ResolveService, ServicePortName } from './service-endpoint.ts';

/** Connections are kept for this many different webhooks. */
const AGENTS_MAX = 200;
const IDLE_CONNECTION_MS = 90_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const HTTPS_PORT = 443;

export interface WebhookAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Posts reviews to webhooks. */
export interface WebhookClient {
  /** Rejects if there is no answer. `signal` gives up. */
  post(target: WebhookTarget, body: Uint8Array, seconds: number, signal: AbortSignal): Promise<WebhookAnswer>;
  /** Closes connections that are kept for the next call. */
  close(): void;
}

/** Where a webhook is, as its configuration says. */
export interface WebhookTarget {
  /** `host:port` as messages and certificates have it. */
  readonly authority: string;
  readonly host: string;
  readonly port: number;
  /** Begins with a slash. */
  readonly path: string;
  /** Absent: `host` is to be reached itself. */
  readonly service?: ServicePortName;
  /** PEM; absent: the authorities that this machine trusts. */
  readonly ca?: string;
}

/** Throws for a URL that is none. */
export function webhookTarget({ url, service, caBundle }: WebhookClientConfig): WebhookTarget {
  const ca = caBundle ? { ca: Buffer.from(caBundle, 'base64').toString() } : {};
  if (service) {
    const { namespace, name, path = '', port = HTTPS_PORT } = service;
    const host = `${name}.${namespace}.svc`;
    return {
      authority: `${host}:${port}`,
      host,
      port,
      path: cleanPath(path),
      service: { namespace, name, port },
      ...ca,
    };
  }
  const { host: authority, hostname, port, pathname } = new URL(url ?? '');
  const host = hostname.replace(/^\[|\]$/g, '');
  return { authority, host, port: Number(port) || HTTPS_PORT, path: cleanPath(pathname), ...ca };
}

/** Without empty steps and a slash at the end, as clients of upstream send it. */
function cleanPath(path: string): string {
  return `/${path.split('/').filter(Boolean).join('/')}`;
}

export function createWebhookClient(dial: Dial, resolve: ResolveService): WebhookClient {
  const agents = new Map<string, Agent>();
  const agentFor = (target: WebhookTarget): Agent => {
    const key = `${target.authority} ${target.ca ?? ''}`;
    const known = agents.get(key);
    if (known) {
      // Last used, last to go.
      agents.delete(key);
      agents.set(key, known);
      return known;
    }
    const agent = new Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
    agent.createConnection = (_options, onConnected) => {
      connect(target, dial, resolve).then(
        (socket) => onConnected?.(null, socket),
        (error: unknown) => onConnected?.(error as Error, undefined as never),
      );
      return undefined;
    };
    agents.set(key, agent);
    if (agents.size > AGENTS_MAX) dropOldest(agents);
    return agent;
  };
  return {
    post: (target, body, seconds, signal) => post(agentFor(target), target, body, seconds, signal),
    close: () => {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function dropOldest(agents: Map<string, Agent>): void {
  const [key, agent] = agents.entries().next().value!;
  agents.delete(key);
  agent.destroy();
}

async function connect(target: WebhookTarget, dial: Dial, resolve: ResolveService): Promise<TLSSocket> {
  const endpoint: Endpoint = target.service ? await resolve(target.service) : target;
  const socket: Socket = dial(endpoint.port, endpoint.host);
  const secure = connectTls({
    socket,
    host: target.host,
    ...(isIP(target.host) ? {} : { servername: target.host }),
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  });
  // A connection that cannot be made is an error of the socket below.
  socket.once('error', (error) => secure.destroy(error));
  return secure;
}

function post(
  agent: Agent,
  target: WebhookTarget,
  body: Uint8Array,
  seconds: number,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>();
  const sent = httpsRequest(
    {
      agent,
      signal,
      method: 'POST',
      path: `${target.path}?timeout=${seconds}s`,
      headers: {
        host: target.authority,
        'content-type': 'application/json',
        accept: 'application/json, */*',
        'user-agent': 'kube-apiserver-admission',
        'content-length': body.length,
      },
    },
    (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    },
  );
  sent.once('error', (error) => {
    // A connection kept from an earlier call may have been closed at the other end meanwhile.
    if (sent.reusedSocket && !signal.aborted && isReset(error)) {
      post(agent, target, body, seconds, signal).then(resolve, reject);
    } else {
      reject(error);
    }
  });
  sent.end(body);
  return promise;
}

function isReset(error: Error & { readonly code?: string }): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE';
}

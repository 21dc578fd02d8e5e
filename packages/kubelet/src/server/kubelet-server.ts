/**
 * The kubelet's HTTPS server: logs, exec, attach and port forwarding for the API server, metrics for everybody allowed.
 *
 * Mirrors: pkg/kubelet/server/server.go (v1.36)
 * Differs: no read-only port, profiling or changing of log levels; HTTP/1.1 only, which is all that upgrades know.
 */
import { ServerResponse, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { childSignal, TaskGroup, type Component } from '@kts/base';
import type { Client, KeyPair } from '@kts/client';
import { createNodeAccess, type NodeAccess } from './access/node-access.ts';
import { HttpFailure } from './http-failure.ts';
import { findRoute, ROUTES, type Upgrade } from './routes.ts';
import type { ServerContext } from './server-context.ts';

export interface KubeletServerConfig {
  readonly nodeName: string;
  /** One address of the node; absent: all of them. */
  readonly address?: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. Clients' certificates are believed if `clientCA` has signed them; absent: nobody's are. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCA?: string };
  /** Its file system is what `/stats/summary` shows as the node's; absent: the root's. */
  readonly rootDirectory?: string;
  /** Whether `/logs/` shows the node's own log files; absent: it does. */
  readonly systemLogs?: boolean;
  /** What `/configz` shows; absent: nothing. */
  readonly configuration?: object;
}

export type KubeletServerDeps = Omit<ServerContext, 'nodeName' | 'rootDirectory' | 'systemLogs' | 'configuration'> & {
  /** Reviews tokens and access; acts as the node. */
  readonly client: Client;
};

export interface KubeletServer extends Component {
  /** Known once `ready`. */
  readonly port: number;
  /** New connections are answered with this certificate. */
  setCertificate(pair: KeyPair): void;
}

/** What the head of a request may be: a command of exec is in its path. */
const HEADER_BYTES_MAX = 1024 * 1024;
/** Time that a client has for the head of its request. */
const HEADERS_MS_MAX = 30_000;

export function createKubeletServer(config: KubeletServerConfig, deps: KubeletServerDeps): KubeletServer {
  const { client, ...others } = deps;
  const context: ServerContext = {
    ...others,
    nodeName: config.nodeName,
    rootDirectory: config.rootDirectory ?? '/',
    systemLogs: config.systemLogs ?? true,
    configuration: config.configuration ?? {},
  };
  const access = createNodeAccess(config.nodeName, { client, clock: deps.clock });
  const ready = Promise.withResolvers<void>();
  let port = config.port;
  const { clientCA: ca } = config.tls;
  // Without authorities of our own Node would believe those of the web.
  const clients = ca ? { ca, requestCert: true, rejectUnauthorized: false } : {};
  let current = { cert: config.tls.cert, key: config.tls.key };
  let listening: Server | undefined;
  return {
    name: 'kubelet-server',
    ready: ready.promise,
    get port() {
      return port;
    },
    setCertificate: ({ certificate: cert, key }) => {
      current = { cert, key };
      listening?.setSecureContext({ ...current, ...(ca ? { ca } : {}) });
    },
    run: async (signal) => {
      const group = new TaskGroup(signal);
      const server = createServer({ ...current, ...clients, maxHeaderSize: HEADER_BYTES_MAX });
      listening = server;
      server.headersTimeout = HEADERS_MS_MAX;
      server.requestTimeout = 0;
      serve(server, context, access, group);
      port = await deps.network.listen(server, config.port, config.address);
      ready.resolve();
      group.start((groupSignal) => closeAtEnd(server, groupSignal));
      await group.done();
    },
  };
}

function closeAtEnd(server: Server, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const close = (): void => {
    server.close(() => resolve());
    server.closeAllConnections();
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
  return promise;
}

function serve(server: Server, context: ServerContext, access: NodeAccess, group: TaskGroup): void {
  server.on('tlsClientError', (error) => context.log.debug(2, 'TLS handshake failed', { error }));
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) =>
    group.start((signal) => answer(context, access, incoming, response, undefined, signal)),
  );
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) =>
    group.start(async (signal) => {
      const response = new ServerResponse(incoming);
      response.shouldKeepAlive = false;
      socket.on('error', (error) => context.log.debug(2, 'upgraded connection failed', { error }));
      await answer(context, access, incoming, response, { socket, head }, signal);
    }),
  );
}

async function answer(
  context: ServerContext,
  access: NodeAccess,
  incoming: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
  serverSignal: AbortSignal,
): Promise<void> {
  using child = childSignal(serverSignal);
  const connection = upgrade?.socket ?? response;
  const onClose = (): void => child.abort();
  connection.once('close', onClose);
  try {
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', 'https://kubelet');
    await access.check(incoming, path, child.signal);
    const match = findRoute(ROUTES, incoming.method ?? '', path);
    if (match === 'not found') throw new HttpFailure(404, '404: Page Not Found');
    if (match === 'method not allowed') throw new HttpFailure(405, '405: Method Not Allowed');
    const { route, parameters } = match;
    await route.handle(context, { incoming, path, query, parameters, signal: child.signal }, response, upgrade);
  } catch (error) {
    if (!child.signal.aborted) refuse(context, error, incoming, response, upgrade);
  } finally {
    connection.off('close', onClose);
  }
}

function refuse(
  { log }: ServerContext,
  error: unknown,
  { url }: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
): void {
  const { message } = error as Error;
  const status = error instanceof HttpFailure ? error.status : 500;
  if (status >= 500) log.error('failed to serve a request', { path: url, error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (upgrade) response.assignSocket(upgrade.socket as unknown as Parameters<ServerResponse['assignSocket']>[0]);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(message, () => upgrade?.socket.end());
}

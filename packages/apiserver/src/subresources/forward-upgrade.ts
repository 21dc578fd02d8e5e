/**
 * Connections that change their protocol are passed through byte for byte: what client and kubelet agree on is theirs.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go (v1.36)
 * Differs: WebSockets reach the kubelet as they are, because the kubelet of this project speaks them itself.
 */
import type { Duplex } from 'node:stream';

import { badRequest, failure } from '@kts/apimachinery';

import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import type { BackendConnector, BackendTarget } from './backend.ts';

/** What a backend must not get to see, or means something else there. */
const DROPPED = /^(authorization|host|impersonate-|x-remote-|cookie)/;

/** Throws what the client gets if the request is none for an upgrade, or the backend cannot be reached. */
export async function forwardUpgrade(
  scope: RequestScope,
  backend: BackendConnector,
  target: BackendTarget,
  path: string,
): Promise<ApiServerResponse> {
  const { connection, method, headers } = scope.request;
  const upgrade = connection.kind === 'http' ? connection.upgrade : undefined;
  if (!upgrade) throw badRequest('Upgrade request required');
  let socket: Duplex;
  try {
    socket = await backend.connect(target);
  } catch (error) {
    throw failure('', `error dialing backend: ${transportFailureText(error)}`);
  }
  const { host, port } = target;
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  socket.write(upgradeHead(method, path, authority, forwardedHeaders(headers)));
  if (upgrade.head.length > 0) socket.write(upgrade.head);
  joinConnections(upgrade.socket, socket);
  return { kind: 'taken' };
}

/** What a backend that is reached directly gets to see. */
function forwardedHeaders(headers: ApiServerRequest['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !DROPPED.test(name)) kept[name] = value;
  return kept;
}

/** The head of a request over HTTP/1.1, with the empty line that ends it. */
export function upgradeHead(
  method: string,
  path: string,
  authority: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${authority}`];
  for (const [name, values] of Object.entries(headers))
    for (const value of [values].flat()) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Both ways; the end of one side ends the other. */
export function joinConnections(client: Duplex, server: Duplex): void {
  if (client.destroyed || server.destroyed) {
    client.destroy();
    server.destroy();
    return;
  }
  client.pipe(server);
  server.pipe(client);
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.once('close', () => server.destroy());
  server.once('close', () => client.destroy());
}

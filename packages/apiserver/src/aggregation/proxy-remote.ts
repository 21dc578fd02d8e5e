/**
 * Passes requests on to the API server that answers for their group version, in the name of whoever made them.
 *
 * Mirrors: staging/src/k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go (v1.36)
 */
import { encodeJson, type JsonValue } from '@kts/apimachinery';

import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import { plainText } from '../routing/not-found.ts';
import { joinConnections, upgradeHead } from '../subresources/forward-upgrade.ts';
import type { RemoteApi } from './remote-api.ts';
import type { RemoteClient } from './remote-client.ts';
import { isRemoteUserHeader, remoteUserHeaders } from './remote-user.ts';

/** Headers about one connection, or about who asks, which the next server must not get as they came. */
const DROPPED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const UNAVAILABLE = 503;

export async function proxyRemote(
  api: RemoteApi,
  client: RemoteClient,
  request: ApiServerRequest,
): Promise<ApiServerResponse> {
  if (!api.available) return unavailable('service unavailable');
  const { connection } = request;
  if (connection.kind === 'http' && connection.upgrade) return proxyUpgrade(api, client, request);
  const sent = await request.readBody();
  const body = sent?.kind === 'object' ? encodeJson(sent.object as JsonValue) : sent?.bytes;
  try {
    const answer = await client.request(api, {
      method: request.method,
      path: pathOf(request),
      headers: { ...forwardedHeaders(request), ...(sent ? { 'content-type': sent.contentType } : {}) },
      ...(body ? { body } : {}),
      signal: request.signal,
    });
    const contentType = answer.headers['content-type'] ?? '';
    const headers = Object.fromEntries(
      Object.entries(answer.headers).filter(([name]) => !DROPPED.has(name) && name !== 'content-type'),
    );
    // Clients in this process take whole answers only.
    const whole = connection.kind === 'in-process' && request.info.verb !== 'watch';
    const content = whole ? await collect(answer.body) : answer.body;
    return { kind: 'bytes', status: answer.status, contentType, body: content, headers };
  } catch (error) {
    request.signal.throwIfAborted();
    return unavailable(`error trying to reach service: ${transportFailureText(error)}`);
  }
}

function unavailable(text: string): ApiServerResponse {
  return plainText(UNAVAILABLE, `${text}\n`, { 'x-content-type-options': 'nosniff' });
}

function pathOf({ path, query }: ApiServerRequest): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return query.size > 0 ? `${encoded}?${query.toString()}` : encoded;
}

function forwardedHeaders(request: ApiServerRequest): Record<string, string | readonly string[]> {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !isDropped(name)) headers[name] = value;
  }
  if (request.connection.kind === 'http') {
    const before = headers['x-forwarded-for'];
    const own = request.connection.remoteAddress;
    headers['x-forwarded-for'] = typeof before === 'string' ? `${before}, ${own}` : own;
  }
  return { ...headers, ...remoteUserHeaders(request.user) };
}

/** Names with a colon are HTTP/2's own. */
function isDropped(name: string): boolean {
  return DROPPED.has(name) || name.startsWith(':') || name.startsWith('impersonate-') || isRemoteUserHeader(name);
}

async function proxyUpgrade(
  api: RemoteApi,
  client: RemoteClient,
  request: ApiServerRequest,
): Promise<ApiServerResponse> {
  const { connection } = request;
  const upgrade = connection.kind === 'http' ? connection.upgrade : undefined;
  try {
    const socket = await client.connect(api);
    const headers = { ...forwardedHeaders(request), connection: 'Upgrade', upgrade: request.headers['upgrade'] ?? '' };
    socket.write(upgradeHead(request.method, pathOf(request), `${api.host}:${api.service.port}`, headers));
    if (upgrade!.head.length > 0) socket.write(upgrade!.head);
    joinConnections(upgrade!.socket, socket);
    return { kind: 'taken' };
  } catch (error) {
    return unavailable(`error trying to reach service: ${transportFailureText(error)}`);
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Requests to what runs behind an object: a node's kubelet, a pod, a service.
 *
 * Mirrors: pkg/registry/core/{node,pod,service}/rest and staging/src/k8s.io/apimachinery/pkg/util/proxy/upgradeaware.go (v1.36)
 */
import { posix } from 'node:path';

import { encodeJson, failure, StatusError, type JsonValue } from '@kts/apimachinery';

import { transportFailureText } from '../admission/webhook/transport-failure.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerRequest, RequestBody } from '../request.ts';
import type { ApiServerResponse } from '../response.ts';
import { proxiedAnswer } from './proxied-answer.ts';
import type { BackendConnector, BackendTarget } from './backend.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import { nodeTarget, parseNamedPort, podTarget, serviceTarget, type LocateTarget } from './proxy-target.ts';
import type { ProxyPlace } from './rewrite-links.ts';
import type { SubresourceHandler } from './subresource.ts';

/** Headers about one connection, which do not go on to the next. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Nor those about who asks, and about a body that is written anew. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'authorization', 'content-length', 'host']);

export function proxyHandlers(backend: BackendConnector): [string, SubresourceHandler][] {
  return [
    ['nodes/proxy', (scope) => proxy(scope, backend, 'node', nodeTarget)],
    ['pods/proxy', (scope) => proxy(scope, backend, 'pod', podTarget)],
    ['services/proxy', (scope) => proxy(scope, backend, 'service', serviceTarget)],
  ];
}

async function proxy(
  scope: RequestScope,
  backend: BackendConnector,
  what: string,
  locate: LocateTarget,
): Promise<ApiServerResponse> {
  const { request } = scope;
  const named = parseNamedPort(scope.name, what);
  const target = await locate({ ...scope, name: named.name, subresource: '' }, named);
  const path = proxiedPath(request.info.parts, request.path);
  const query = request.query.size > 0 ? `?${request.query.toString()}` : '';
  const encoded = encodePath(path) + query;
  if (request.connection.kind === 'http' && request.connection.upgrade)
    return forwardUpgrade(scope, backend, target, encoded || '/');
  if (path === '' && (request.method === 'GET' || request.method === 'HEAD')) return redirect(request, query);
  const place = placeOf(request, target);
  const stream = request.streamBody?.();
  const body = stream ?? bytesOf(await request.readBody());
  try {
    const answer = await backend.request(target, {
      method: request.method,
      path: encoded.startsWith('/') ? encoded : `/${encoded}`,
      headers: { ...forwardedHeaders(request, place, path), ...(stream ? lengthOf(request) : {}) },
      ...(body ? { body } : {}),
      signal: request.signal,
    });
    const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
    return await proxiedAnswer({ ...answer, headers }, place, request.method);
  } catch (error) {
    if (StatusError.is(error)) throw error;
    throw failure('ServiceUnavailable', `error trying to reach service: ${transportFailureText(error)}`);
  }
}

/** How a backend knows where the body ends. */
function lengthOf({ headers }: ApiServerRequest): Record<string, string> {
  const length = headers['content-length'];
  return length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': length };
}

/** What follows `<name>/proxy` in the path, without ways up; empty if nothing does, not even a slash. */
function proxiedPath(parts: readonly string[], whole: string): string {
  const rest = parts.slice(3);
  const path = rest.length > 0 ? posix.join('/', ...rest) : '';
  return whole.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}

function encodePath(path: string): string {
  return encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent);
}

/** Relative links of a page only work if its path ends with a slash. */
function redirect(request: ApiServerRequest, query: string): ApiServerResponse {
  const location = `${encodePath(request.path)}/${query}`;
  return { kind: 'bytes', status: 301, contentType: '', body: new Uint8Array(), headers: { location } };
}

function placeOf({ path: whole, headers, info }: ApiServerRequest, target: BackendTarget): ProxyPlace {
  const segments = whole.split('/').filter(Boolean);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return {
    prefix: `/${segments.slice(0, segments.length - info.parts.length + 3).join('/')}`,
    backendHost: `${host}:${target.port}`,
    requestHost: headers[':authority'] ?? headers['host'] ?? '',
  };
}

function bytesOf(body: RequestBody | undefined): Uint8Array | undefined {
  return body?.kind === 'object' ? encodeJson(body.object as JsonValue) : body?.bytes;
}

function forwardedHeaders(request: ApiServerRequest, place: ProxyPlace, path: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    // Names with a colon are HTTP/2's own.
    const travels = !NOT_FORWARDED.has(name) && !/^(?::|impersonate-|x-remote-)/.test(name);
    if (value !== undefined && travels) headers[name] = value;
  }
  if (place.requestHost) headers['host'] = place.requestHost;
  headers['x-forwarded-uri'] = encodePath(place.prefix + path);
  if (request.connection.kind === 'http') {
    const before = headers['x-forwarded-for'];
    const { remoteAddress } = request.connection;
    headers['x-forwarded-for'] = before ? `${before}, ${remoteAddress}` : remoteAddress;
  }
  return headers;
}

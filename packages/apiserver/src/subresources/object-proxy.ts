/**
 * Requests to what runs behind an object: a node's kubelet, a pod, a service.
 *
 * Mirrors: pkg/registry/core/{node,pod,service}/rest/subresources.go and their ResourceLocation functions (v1.36)
 */
import { badRequest, failure, type StatusError } from '@kts/apimachinery';
import { endpointSlices } from '@kts/api';
import type { Pod, Service } from '@kts/api/types/core-v1';

import { liveObjects } from '../admission/live-objects.ts';
import { getEntry } from '../registry/get.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { ApiServerResponse } from '../response.ts';
import { backendFailure } from './backend-failure.ts';
import type { BackendConnector, BackendTarget } from './backend.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import { kubeletOf } from './kubelet-target.ts';
import type { SubresourceHandler } from './subresource.ts';

/** Headers about one connection, which do not go on to the next. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'authorization',
  'content-length',
]);

export function proxyHandlers(backend: BackendConnector): [string, SubresourceHandler][] {
  return [
    ['nodes/proxy', (scope) => proxy(scope, backend, nodeTarget)],
    ['pods/proxy', (scope) => proxy(scope, backend, podTarget)],
    ['services/proxy', (scope) => proxy(scope, backend, serviceTarget)],
  ];
}

/** `https:web:8443` as the name of an object in a path. */
interface NamedPort {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

export function parseNamedPort(text: string): NamedPort {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0]!, port: parts[1]! };
  const [scheme, name, port] = parts;
  if (parts.length > 3 || (scheme !== 'http' && scheme !== 'https' && scheme !== '')) {
    throw badRequest(`invalid object name ${JSON.stringify(text)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name: name!, port: port! };
}

async function proxy(
  scope: RequestScope,
  backend: BackendConnector,
  locate: (scope: RequestScope, named: NamedPort) => Promise<BackendTarget>,
): Promise<ApiServerResponse> {
  const { request } = scope;
  const named = parseNamedPort(scope.name);
  const target = await locate({ ...scope, name: named.name, subresource: '' }, named);
  const path = proxiedPath(request.info.parts, request.path) + queryText(request.query);
  if (request.connection.kind === 'http' && request.connection.upgrade)
    return forwardUpgrade(scope, backend, target, path);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    // Names with a colon are HTTP/2's own.
    const travels = !HOP_BY_HOP.has(name) && !name.startsWith('impersonate-') && !name.startsWith(':');
    if (value !== undefined && travels) headers[name] = value;
  }
  const body = await request.readBody();
  try {
    const answer = await backend.request(target, {
      method: request.method,
      path,
      headers,
      ...(body?.kind === 'bytes' ? { body: body.bytes } : {}),
      signal: request.signal,
    });
    const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name) && name !== 'content-type');
    const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
    return { kind: 'bytes', status: answer.status, contentType, body: answer.body, headers: Object.fromEntries(kept) };
  } catch (error) {
    throw backendFailure(error, target, path);
  }
}

/** What follows `<name>/proxy` in the path. */
function proxiedPath(parts: readonly string[], whole: string): string {
  const path = `/${parts.slice(3).join('/')}`;
  return whole.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}

function queryText(query: URLSearchParams): string {
  return query.size > 0 ? `?${query.toString()}` : '';
}

async function nodeTarget(scope: RequestScope, { name, port }: NamedPort): Promise<BackendTarget> {
  await getEntry(scope);
  const kubelet = await kubeletOf(scope, name);
  return port === '' || Number(port) === kubelet.port
    ? kubelet
    : { ...kubelet, port: Number(port), identity: 'anonymous' };
}

async function podTarget(scope: RequestScope, { scheme, port }: NamedPort): Promise<BackendTarget> {
  const pod = (await getEntry(scope)).object() as Pod;
  const host = pod.status?.podIP;
  if (!host) throw badRequest('address not allowed');
  const declared = pod.spec.containers.flatMap((container) => container.ports ?? []);
  const number = port === '' ? (declared[0]?.containerPort ?? 80) : Number(port);
  return { scheme, host, port: number, identity: 'anonymous' };
}

async function serviceTarget(scope: RequestScope, { scheme, port }: NamedPort): Promise<BackendTarget> {
  const service = (await getEntry(scope)).object() as Service;
  const ports = service.spec?.ports ?? [];
  const wanted =
    port === ''
      ? ports.length === 1
        ? ports[0]
        : undefined
      : ports.find((one) => one.name === port || String(one.port) === port);
  if (!wanted)
    throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(scope.name)}`);
  const live = liveObjects(scope.registry.storages, scope.registry.feed);
  for (const slice of await live.list(endpointSlices, scope.namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== scope.name) continue;
    const number = slice.ports?.find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port;
    const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false);
    const host = ready[scope.registry.random.integer(Math.max(1, ready.length))]?.addresses[0];
    if (host && number) return { scheme, host, port: number, identity: 'anonymous' };
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(scope.name)}`);
}

function unavailable(message: string): StatusError {
  return failure('ServiceUnavailable', message);
}

import type { HTTPGetAction } from '@kts/api/types/core-v1';
import type { HttpProbeRequest } from '../host/node-host.ts';
import type { AnyContainer } from '../pod/containers.ts';

/** The kubelet's version in user agents. */
const VERSION = '1.36';
const BODY_BYTES_MAX = 10 * 1024;

export class PortError extends Error {
  override readonly name = 'PortError';
}

/**
 * The request of a probe or a lifecycle hook. Throws PortError.
 *
 * Mirrors: pkg/probe/http/request.go (v1.36)
 */
export function httpProbeRequest(
  action: HTTPGetAction,
  container: AnyContainer,
  podIP: string,
  purpose: 'probe' | 'lifecycle',
  timeoutMs: number,
): HttpProbeRequest {
  const headers = (action.httpHeaders ?? []).map(({ name, value }) => [canonicalHeader(name), value] as const);
  const has = (name: string): boolean => headers.some(([known]) => known === name);
  const path = action.path ?? '';
  const port = resolvePort(action.port, container);
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host || podIP,
    port,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: [
      ...headers.filter(([name, value]) => name !== 'Accept' || value !== ''),
      ...(has('User-Agent') ? [] : [['User-Agent', `kube-${purpose}/${VERSION}`] as const]),
      ...(has('Accept') ? [] : [['Accept', '*/*'] as const]),
      ...(has('Host') ? [] : [['Host', hostHeader(action.host || podIP, port)] as const]),
      purpose === 'probe' ? (['Connection', 'close'] as const) : (['Accept-Encoding', 'gzip'] as const),
    ],
    timeoutMs,
    maxBodyBytes: BODY_BYTES_MAX,
  };
}

export function httpProbeUrl(request: HttpProbeRequest): string {
  return `${request.scheme}://${hostHeader(request.host, request.port)}${request.path}`;
}

function hostHeader(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function resolvePort(port: number | string, container: AnyContainer): number {
  const named = typeof port === 'string' ? container.ports?.find((one) => one.name === port)?.containerPort : port;
  const number = named ?? (/^\d+$/.test(String(port)) ? Number(port) : undefined);
  if (number === undefined) throw new PortError(`strconv.Atoi: parsing "${port}": invalid syntax`);
  if (number <= 0 || number >= 65_536) throw new PortError(`invalid port number: ${number}`);
  return number;
}

/** `x-my-header` is `X-My-Header` on the wire. */
function canonicalHeader(name: string): string {
  return name.replaceAll(
    /(^|-)([a-z])|([A-Z]+)/g,
    (part, start: string | undefined, letter: string | undefined, _upper, offset: number) => {
      if (letter !== undefined) return `${start ?? ''}${letter.toUpperCase()}`;
      const atStart = offset === 0 || name[offset - 1] === '-';
      return atStart ? part[0]! + part.slice(1).toLowerCase() : part.toLowerCase();
    },
  );
}

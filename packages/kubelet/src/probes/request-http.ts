import type { Clock } from '@kts/base';
import type { HttpProbeRequest, HttpProbeResponse, NetworkProber } from '../host/node-host.ts';
import { httpProbeUrl } from './http-request.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const REDIRECTS_MAX = 10;

/**
 * Asks, and follows redirects as long as they stay on the host; one that leads away is the answer. Rejections carry the
 * URL, as Go's do.
 *
 * Mirrors: pkg/probe/http/http.go (RedirectChecker), and Go's net/http (Client.Do) for what it calls (v1.36)
 */
export async function requestHttp(
  network: NetworkProber,
  clock: Clock,
  first: HttpProbeRequest,
  signal: AbortSignal,
): Promise<HttpProbeResponse> {
  const deadline = clock.monotonic() + first.timeoutMs;
  let request = first;
  for (let asked = 1; ; asked++) {
    try {
      const answer = await network.http(request, signal);
      const next = redirected(request, answer);
      if (!next || next.host !== first.host) return answer;
      request = { ...next, timeoutMs: Math.max(1, deadline - clock.monotonic()) };
      if (asked >= REDIRECTS_MAX) throw new Error(`stopped after ${REDIRECTS_MAX} redirects`);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(`Get "${httpProbeUrl(request)}": ${(error as Error).message}`, { cause: error });
    }
  }
}

/** The request that an answer leads to, if any. Throws if it cannot be read. */
export function redirected(
  request: HttpProbeRequest,
  { statusCode, location }: Pick<HttpProbeResponse, 'statusCode' | 'location'>,
): HttpProbeRequest | undefined {
  if (!REDIRECTS.has(statusCode) || location === undefined || location === '') return undefined;
  const url = URL.parse(location, httpProbeUrl(request));
  if (!url) throw new Error(`failed to parse Location header ${JSON.stringify(location)}`);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') throw new Error(`unsupported protocol scheme "${scheme}"`);
  const isRelative = !/^([a-z][a-z0-9+.-]*:)?\/\//i.test(location);
  return {
    ...request,
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? { http: 80, https: 443 }[scheme] : Number(url.port),
    path: url.pathname + url.search,
    // A name that the probe gave stays as long as the server is not named anew.
    headers: isRelative
      ? request.headers
      : request.headers.map(([name, value]) => (name === 'Host' ? [name, url.host] : [name, value])),
  };
}

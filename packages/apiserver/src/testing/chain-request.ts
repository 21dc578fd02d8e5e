import { parseRequestInfo } from '../chain/request-info.ts';
import type { ApiServerRequest, UserInfo } from '../request.ts';

export interface ChainRequestOptions {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  /** A list stands for a header that came several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A request as stages see it, over HTTP, with what earlier stages have filled in. */
export function chainRequest(options: ChainRequestOptions = {}): ApiServerRequest {
  const { method = 'GET', path = '/', headers = {} } = options;
  const query = new URLSearchParams(options.query ?? '');
  const abort = new AbortController();
  const user: UserInfo = { name: options.user ?? 'jane', groups: options.groups ?? ['system:authenticated'] };
  return {
    method,
    path,
    query,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
    headerValues: (name) => [headers[name] ?? []].flat(),
    readBody: () => Promise.resolve(undefined),
    signal: abort.signal,
    cancel: () => abort.abort(),
    connection: { kind: 'http', remoteAddress: '192.0.2.1' },
    warnings: [],
    auditId: '1',
    receivedAt: 0,
    responseHeaders: {},
    info: parseRequestInfo({ method, path, query }),
    user,
  };
}

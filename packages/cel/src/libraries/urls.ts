import type { Library } from '../check/function-declaration.ts';
import { ValueList, ValueMap } from '../evaluate/collections.ts';
import { CelError, CelOpaque, type CelValue } from '../evaluate/value.ts';
import {
  UrlError,
  escapedPath,
  formatUrl,
  hostnameOf,
  parseRequestUrl,
  parseUrl,
  portOf,
  queryOf,
  type GoUrl,
} from './go-url.ts';
import { URL_TYPE } from './kubernetes-types.ts';

/**
 * URLs.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/urls.go, url.go (v1.36)
 */
type UrlValue = CelOpaque<GoUrl>;

export const urlsLibrary: Library = {
  url: { overloads: { string_to_url: ['(string) kubernetes.URL', urlOf] } },
  isURL: { overloads: { is_url_string: ['(string) bool', (text: string) => uriError(text) === undefined] } },
  getScheme: { overloads: { url_get_scheme: part((url) => url.scheme) } },
  getHost: { overloads: { url_get_host: part((url) => url.host) } },
  getHostname: { overloads: { url_get_hostname: part(hostnameOf) } },
  getPort: { overloads: { url_get_port: part(portOf) } },
  getEscapedPath: { overloads: { url_get_escaped_path: part((url) => (url.opaque === '' ? escapedPath(url) : '')) } },
  getQuery: {
    overloads: {
      url_get_query: ['kubernetes.URL.() map(string, list(string))', (url: UrlValue) => query(url.content)],
    },
  },
};

function part(of: (url: GoUrl) => string): readonly [string, (url: UrlValue) => string] {
  return ['kubernetes.URL.() string', (url) => of(url.content)];
}

function query(url: GoUrl): CelValue {
  return ValueMap.of([...queryOf(url)].map(([name, values]) => [name, new ValueList(values)] as const));
}

function urlOf(text: string): CelValue {
  try {
    parseRequestUrl(text);
    return new CelOpaque(URL_TYPE, parseUrl(text), sameUrl);
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    return new CelError(`URL parse error during conversion from string: ${error.message}`);
  }
}

function sameUrl(a: GoUrl, b: GoUrl): boolean {
  return formatUrl(a) === formatUrl(b);
}

/** Undefined: it is a URI as requests have it. */
export function uriError(text: string): string | undefined {
  try {
    parseRequestUrl(text);
    return undefined;
  } catch (error) {
    if (error instanceof UrlError) return error.message;
    throw error;
  }
}

import { quoteGo } from './string-format.ts';

/**
 * URLs as Go parses them, with its messages.
 *
 * Mirrors: Go's net/url: ParseRequestURI, Parse, URL.EscapedPath, URL.Query
 */
export interface GoUrl {
  readonly scheme: string;
  readonly opaque: string;
  readonly user: string | undefined;
  /** With the port. */
  readonly host: string;
  /** As it was written. */
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

/** Thrown by the functions of this file. */
export class UrlError extends Error {}

/** As in a request: absolute, or at least an absolute path, and without a fragment. */
export function parseRequestUrl(text: string): GoUrl {
  return parse(text, text, true, '');
}

export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#');
  const fragment = hash === -1 ? '' : text.slice(hash + 1);
  return parse(hash === -1 ? text : text.slice(0, hash), text, false, fragment);
}

function parse(text: string, whole: string, inRequest: boolean, fragment: string): GoUrl {
  const fail = (message: string): UrlError => new UrlError(`parse ${quoteGo(whole)}: ${message}`);
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) throw fail('net/url: invalid control character in URL');
  if (text === '' && inRequest) throw fail('empty url');
  const empty = { scheme: '', opaque: '', user: undefined, host: '', path: '', query: '', fragment };
  if (text === '*') return { ...empty, path: '*' };
  const { scheme, rest: afterScheme } = splitScheme(text, fail);
  const mark = afterScheme.indexOf('?');
  const query = mark === -1 ? '' : afterScheme.slice(mark + 1);
  let path = mark === -1 ? afterScheme : afterScheme.slice(0, mark);
  if (!path.startsWith('/')) {
    if (scheme !== '') return { ...empty, scheme, opaque: path, query };
    if (inRequest) throw fail('invalid URI for request');
    if (path.split('/')[0]!.includes(':')) throw fail('first path segment in URL cannot contain colon');
  }
  let authority = '';
  if ((scheme !== '' || (!inRequest && !path.startsWith('///'))) && path.startsWith('//')) {
    const slash = path.indexOf('/', 2);
    authority = path.slice(2, slash === -1 ? undefined : slash);
    path = slash === -1 ? '' : path.slice(slash);
  }
  const { user, host } = parseAuthority(authority, fail);
  checkEscapes(path, fail);
  return { ...empty, scheme, user, host, path, query };
}

type Fail = (message: string) => UrlError;

function splitScheme(text: string, fail: Fail): { scheme: string; rest: string } {
  if (text.startsWith(':')) throw fail('missing protocol scheme');
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
  return match ? { scheme: match[1]!.toLowerCase(), rest: text.slice(match[0].length) } : { scheme: '', rest: text };
}

function parseAuthority(authority: string, fail: Fail): { user: string | undefined; host: string } {
  const at = authority.lastIndexOf('@');
  const host = parseHost(authority.slice(at + 1), fail);
  if (at === -1) return { user: undefined, host };
  const user = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%]*$/.test(user)) throw fail('net/url: invalid userinfo');
  checkEscapes(user, fail);
  return { user, host };
}

function parseHost(host: string, fail: Fail): string {
  let portFrom = host.lastIndexOf(':');
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end === -1) throw fail("missing ']' in host");
    portFrom = end + 1;
  } else if (portFrom !== host.indexOf(':')) {
    portFrom = host.indexOf(':');
  }
  const port = portFrom === -1 ? '' : host.slice(portFrom);
  if (!/^(?::[0-9]*)?$/.test(port)) throw fail(`invalid port ${quoteGo(port)} after host`);
  const wrong = /%(?![89A-Fa-f][0-9A-Fa-f])[^]{0,2}/.exec(host);
  if (wrong) throw fail(`invalid URL escape ${quoteGo(wrong[0])}`);
  // oxlint-disable-next-line no-control-regex
  const character = /[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host);
  if (character) throw fail(`invalid character ${quoteGo(character[0])} in host name`);
  return host.includes('%') ? decode(host) : host;
}

function checkEscapes(text: string, fail: Fail): void {
  const wrong = /%(?![0-9A-Fa-f]{2})[^]{0,2}/.exec(text);
  if (wrong) throw fail(`invalid URL escape ${quoteGo(wrong[0])}`);
}

function decode(text: string): string {
  const bytes: number[] = [];
  for (let index = 0; index < text.length;) {
    if (text[index] === '%') {
      bytes.push(Number.parseInt(text.slice(index + 1, index + 3), 16));
      index += 3;
    } else {
      const character = String.fromCodePoint(text.codePointAt(index)!);
      bytes.push(...new TextEncoder().encode(character));
      index += character.length;
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** The host without its port and without the brackets of an IPv6 address. */
export function hostnameOf({ host }: GoUrl): string {
  const withoutPort = host.replace(/:[0-9]*$/, '');
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : withoutPort;
}

export function portOf({ host }: GoUrl): string {
  return /:([0-9]*)$/.exec(host)?.[1] ?? '';
}

/** The path as it was written, or escaped anew where it has characters that need it. */
export function escapedPath({ path }: GoUrl): string {
  if (/^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/%]*$/.test(path)) return path;
  return [...new TextEncoder().encode(decode(path))].map(escapePathByte).join('');
}

function escapePathByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Parameters in order; those that are malformed are left out. */
export function queryOf({ query }: GoUrl): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || /%(?![0-9A-Fa-f]{2})/.test(pair)) continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const values = parameters.getOrInsert(decode(name.replaceAll('+', ' ')), []);
    values.push(decode(value.replaceAll('+', ' ')));
  }
  return parameters;
}

export function formatUrl(url: GoUrl): string {
  const scheme = url.scheme === '' ? '' : `${url.scheme}:`;
  const user = url.user === undefined ? '' : `${url.user}@`;
  const authority = url.host === '' && url.user === undefined ? '' : `//${user}${url.host}`;
  const query = url.query === '' ? '' : `?${url.query}`;
  const fragment = url.fragment === '' ? '' : `#${url.fragment}`;
  return scheme + (url.opaque === '' ? authority + escapedPath(url) : url.opaque) + query + fragment;
}

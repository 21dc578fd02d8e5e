/**
 * A page behind a proxy does not know under which path it is seen: links to its own host are made to lead through the
 * proxy again. Pure.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/proxy/transport.go (v1.36)
 * Differs: tags without such links stay as they were written.
 */
import { posix } from 'node:path';

import { escapeHtml } from '@kts/base';

export interface ProxyPlace {
  /** The path of the proxy itself, without a final slash. */
  readonly prefix: string;
  /** `address:port` of what is behind it. */
  readonly backendHost: string;
  /** The host that the client asked. */
  readonly requestHost: string;
}

/** Attributes that hold a link, by the tag they belong to. */
const LINK_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Elements whose content is text, whatever it looks like. */
const RAW_TEXT = new Set([
  'iframe',
  'noembed',
  'noframes',
  'noscript',
  'plaintext',
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
]);

/** Scheme, host, path, and query with fragment; every text has these parts. */
const LINK = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/** The link as it leads through the proxy, if it is one to the page's own host. */
export function rewriteLink(link: string, { prefix, backendHost, requestHost }: ProxyPlace): string {
  const [, scheme = '', host = '', path = '', rest = ''] = LINK.exec(link)!;
  const isElsewhere = host !== '' && host !== backendHost && host !== requestHost;
  if (isElsewhere || !path.startsWith('/')) return link;
  const origin = host !== '' && host === requestHost ? `${scheme && `${scheme}:`}//${host}` : '';
  if (path.startsWith(prefix)) return `${origin}${path}${rest}`;
  const joined = posix.join(prefix, path);
  return `${origin}${joined}${path.endsWith('/') && !joined.endsWith('/') ? '/' : ''}${rest}`;
}

/**
 * A comment, a declaration, an end tag, or a start tag with its name. No text may make it slow: every part ends where the
 * next one begins, and an open tag at the next one at the latest.
 */
const MARKUP =
  /<!--[^]*?(?:-->|$)|<[!?/][^<>]*>|<([a-z][^\s/<>]*)(?:[\s/]+[^\s/<>=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+(?=[\s>])))?)*[\s/]*>/gi;
const ATTRIBUTE = /([^\s/>=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;

/** A page with its links rewritten. */
export function rewriteHtml(html: string, place: ProxyPlace): string {
  let result = '';
  let done = 0;
  MARKUP.lastIndex = 0;
  for (let match = MARKUP.exec(html); match; match = MARKUP.exec(html)) {
    const name = match[1]?.toLowerCase();
    if (name === undefined) continue;
    const attributes = LINK_ATTRIBUTES[name];
    const tag = attributes ? rewriteTag(match[0], match[1]!.length + 1, attributes, place) : match[0];
    result += html.slice(done, match.index) + tag;
    done = MARKUP.lastIndex;
    if (RAW_TEXT.has(name)) MARKUP.lastIndex = endOfRawText(html, done, name);
  }
  return result + html.slice(done);
}

function rewriteTag(tag: string, nameEnd: number, attributes: readonly string[], place: ProxyPlace): string {
  const rewritten = tag.slice(nameEnd).replace(ATTRIBUTE, (whole, key: string, equals: string, value: string) => {
    if (!attributes.includes(key.toLowerCase())) return whole;
    const link = unescapeHtml(/^["']/.test(value) ? value.slice(1, -1) : value);
    const through = rewriteLink(link, place);
    return through === link ? whole : `${key}${equals}"${escapeHtml(through)}"`;
  });
  return tag.slice(0, nameEnd) + rewritten;
}

function endOfRawText(html: string, from: number, name: string): number {
  const end = new RegExp(`</${name}[\\s/>]`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#34': '"', '#39': "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

/** What a backend has answered, as a client of the proxy gets it. */
import { promisify } from 'node:util';
import { deflateRaw, gunzip, gzip, inflateRaw } from 'node:zlib';

import type { ApiServerResponse } from '../response.ts';
import type { BackendResponse } from './backend.ts';
import { rewriteHtml, rewriteLink, type ProxyPlace } from './rewrite-links.ts';

/** A page above this size is passed on as it is: links are rewritten in memory, and at once. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024;

type Recode = (bytes: Uint8Array) => Promise<Uint8Array>;

const unchanged: Recode = (bytes) => Promise.resolve(bytes);
const limits = { maxOutputLength: PAGE_BYTES_MAX };
/** By `content-encoding`, how to read and write it; pages in another one are left alone. */
const CODINGS: ReadonlyMap<string, { readonly decode: Recode; readonly encode: Recode }> = new Map([
  ['', { decode: unchanged, encode: unchanged }],
  ['gzip', { decode: (bytes) => promisify(gunzip)(bytes, limits), encode: promisify(gzip) }],
  ['deflate', { decode: (bytes) => promisify(inflateRaw)(bytes, limits), encode: promisify(deflateRaw) }],
]);

/** Which origins may use a server is not for what runs behind it to say. */
const CORS_HEADERS: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
]);

/** With links rewritten, and without what is not for a backend to say. */
export async function proxiedAnswer(
  answer: BackendResponse,
  place: ProxyPlace,
  method: string,
): Promise<ApiServerResponse> {
  const { status } = answer;
  const { 'content-type': type = '', ...rest } = answer.headers;
  const contentType = String(type);
  const headers = Object.fromEntries(Object.entries(rest).filter(([name]) => !CORS_HEADERS.has(name)));
  const isPage = contentType.split(';', 1)[0]!.trim() === 'text/html';
  const { location } = headers;
  if (typeof location === 'string' && location !== '') headers['location'] = rewriteLink(location, place);
  else if (isPage && method !== 'HEAD') {
    const { 'content-length': _length, ...others } = headers;
    const body = await rewritePage(answer, place);
    return { kind: 'bytes', status, contentType, body, headers: others };
  }
  return { kind: 'bytes', status, contentType, body: answer.body, headers };
}

async function rewritePage({ headers, body }: BackendResponse, place: ProxyPlace): Promise<BackendResponse['body']> {
  const coding = CODINGS.get(String(headers['content-encoding'] ?? ''));
  if (!coding) return body;
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    chunks.push(next.value);
    length += next.value.length;
    if (length > PAGE_BYTES_MAX) return continued(chunks, iterator);
  }
  const sent = Buffer.concat(chunks);
  const decoded = await coding.decode(sent).catch(() => undefined);
  if (!decoded) return whole(sent);
  const page = Buffer.from(decoded);
  // One character a byte: whatever the page's encoding is, what is not rewritten stays the same.
  return whole(await coding.encode(Buffer.from(rewriteHtml(page.toString('latin1'), place), 'latin1')));
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What was read already, and then the rest. */
async function* continued(chunks: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

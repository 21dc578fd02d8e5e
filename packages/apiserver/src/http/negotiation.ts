/**
 * Which representation a client wants.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation/negotiate.go (v1.36)
 */
import { failure, type StatusError } from '@kts/apimachinery';

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

export type MediaType = typeof JSON_TYPE | typeof YAML_TYPE | typeof PROTOBUF_TYPE;

export const MEDIA_TYPES: readonly MediaType[] = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE];
const STREAM_TYPES: readonly string[] = [`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`];

/** What a client accepts: a media type and what the object is to be turned into. */
export interface Accepted {
  readonly mediaType: MediaType;
  /** `as=Table;v=v1;g=meta.k8s.io`. */
  readonly as?: AcceptedKind;
  readonly pretty: boolean;
  /** `profile=nopeer`. */
  readonly profile?: string;
}

export interface AcceptedKind {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
}

const DEFAULT: Accepted = { mediaType: JSON_TYPE, pretty: false };

/** Whether an endpoint can turn its objects into that kind. */
export type TransformCheck = (as: AcceptedKind) => boolean;

/**
 * The first clause, by quality and by precision, that the endpoint can serve. Undefined: none, the answer is 406.
 * A `watch` for which that is YAML, which has no framing, gets nothing. `writes`: what objects that are not transformed can
 * be written as.
 */
export function negotiate(
  accept: string | undefined,
  allows: TransformCheck = () => false,
  watch = false,
  writes: (mediaType: MediaType) => boolean = () => true,
): Accepted | undefined {
  if (!accept || accept === JSON_TYPE || accept === '*/*') return DEFAULT;
  for (const clause of parseAccept(accept)) {
    const mediaType = MEDIA_TYPES.find((type) => covers(clause.type, type));
    if (!mediaType) continue;
    const { as, g, v, stream, sv, pretty, profile } = clause.parameters;
    if (stream && stream !== 'watch') continue;
    if (sv) continue;
    const target =
      as === undefined && g === undefined && v === undefined
        ? undefined
        : { kind: as ?? '', group: g ?? '', version: v ?? '' };
    if (target ? !allows(target) : !writes(mediaType)) continue;
    if (watch && mediaType === YAML_TYPE) return undefined;
    return {
      mediaType,
      pretty: pretty === '1',
      ...(target ? { as: target } : {}),
      ...(profile ? { profile } : {}),
    };
  }
  return undefined;
}

/** Whether a route that produces these types has anything for the client; parameters are not looked at. */
export function routeAccepts(accept: string | undefined): boolean {
  if (!accept || accept === JSON_TYPE) return true;
  return accept.split(',').some((clause) => {
    const end = clause.indexOf(';');
    const type = (end < 0 ? clause : clause.slice(0, end)).trim();
    return type === '*/*' || (type === '' && end < 0) || MEDIA_TYPES.includes(type as MediaType);
  });
}

/** The answer where a route does not produce what the client accepts. */
export function routeNotAcceptable(listing: boolean): StatusError {
  const types: string[] = [...MEDIA_TYPES];
  if (listing) types.push(...STREAM_TYPES);
  return failure('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`, {});
}

/** The answer where no clause can be served; `watch` names what has framing. */
export const notAcceptable = (watch = false): StatusError =>
  failure(
    'NotAcceptable',
    `only the following media types are accepted: ${(watch ? STREAM_TYPES : MEDIA_TYPES).join(', ')}`,
  );

/**
 * The media type of a body, in lower case; empty if there is none. Undefined: the header cannot be read.
 * Mirrors: mime.ParseMediaType of Go, as far as the type itself and the form of its parameters go.
 */
export function parseMediaType(contentType: string): string | undefined {
  if (contentType === '') return '';
  const [type = '', ...parameters] = contentType.replace(/;\s*$/, '').split(';');
  if (!MEDIA_TYPE.test(type.trim())) return undefined;
  const names = parameters.map((parameter) => PARAMETER.exec(parameter.trim())?.[1]?.toLowerCase());
  if (names.includes(undefined) || new Set(names).size < names.length) return undefined;
  return type.trim().toLowerCase();
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}(?:/${TOKEN})?$`);
const PARAMETER = new RegExp(`^(${TOKEN})\\s*=\\s*(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")$`);

/** The answer to a body of a type the server cannot read. */
export const unsupportedMediaType = (accepted: readonly string[] = MEDIA_TYPES): StatusError =>
  failure(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** Browsers and command line tools get indented JSON, and so does everybody who asks. */
export function wantsPretty(query: URLSearchParams, userAgent: string | undefined): boolean {
  const asked = query.get('pretty');
  if (asked) return asked === 'true' || asked === '1' || asked === 't' || asked === 'T' || asked === 'TRUE';
  if (!userAgent) return false;
  return userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0');
}

/** One alternative of an `accept` header. */
export interface Clause {
  readonly type: string;
  readonly quality: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The alternatives, those first that are to be tried first. */
export function parseAccept(header: string): readonly Clause[] {
  const clauses: Clause[] = [];
  for (const text of header.split(',')) {
    const clause = parseClause(text);
    if (!clause) continue;
    // The order is none: what is more precise goes before what has a higher quality, but only where the two meet.
    let at = clauses.length;
    while (at > 0 && goesBefore(clause, clauses[at - 1]!)) at--;
    clauses.splice(at, 0, clause);
  }
  return clauses;
}

/** Parameters without a value count for nothing. */
function parseClause(text: string): Clause | undefined {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  if (!/^[^/]*\/[^/]+$/.test(type) && type !== '*') return undefined;
  const parameters: Record<string, string> = {};
  let quality = 1;
  for (const part of rest) {
    const [name = '', value = '', ...more] = part.split('=');
    if (value === '' || more.length > 0) continue;
    if (name.trim() === 'q') quality = Number(value) || 0;
    else parameters[name.trim()] = value.trim();
  }
  return { type: type === '*' ? '*/*' : type, quality, parameters };
}

function goesBefore(a: Clause, b: Clause): boolean {
  if (a.quality > b.quality) return true;
  if (!a.type.startsWith('*/') && b.type.startsWith('*/')) return true;
  return !a.type.endsWith('/*') && b.type.endsWith('/*');
}

export function covers(clause: string, type: string): boolean {
  return clause === type || clause === '*/*' || (clause.endsWith('/*') && type.startsWith(clause.slice(0, -1)));
}

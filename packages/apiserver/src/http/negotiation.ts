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
 * The first clause, by quality and then by precision, that the endpoint can serve. Undefined: none, the answer is 406.
 * `watch` rules out YAML, which has no framing.
 */
export function negotiate(
  accept: string | undefined,
  allows: TransformCheck = () => false,
  watch = false,
): Accepted | undefined {
  if (!accept || accept === JSON_TYPE || accept === '*/*') return DEFAULT;
  for (const clause of parseAccept(accept)) {
    const mediaType = MEDIA_TYPES.find((type) => covers(clause.type, type) && !(watch && type === YAML_TYPE));
    if (!mediaType) continue;
    const { as, g, v, stream, sv, pretty, profile } = clause.parameters;
    if (stream && stream !== 'watch') continue;
    if (sv) continue;
    const target =
      as === undefined && g === undefined && v === undefined
        ? undefined
        : { kind: as ?? '', group: g ?? '', version: v ?? '' };
    if (target && !allows(target)) continue;
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
  if (listing) types.push(`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`);
  return failure('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${types.join(', ')}`, {});
}

/** The answer where no clause can be served. */
export const notAcceptable = (): StatusError =>
  failure('NotAcceptable', `only the following media types are accepted: ${MEDIA_TYPES.join(', ')}`);

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

interface Clause {
  readonly type: string;
  readonly quality: number;
  readonly parameters: Readonly<Record<string, string>>;
}

function parseAccept(header: string): readonly Clause[] {
  return header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause !== undefined)
    .sort((a, b) => b.quality - a.quality || precision(b.type) - precision(a.type));
}

function parseClause(text: string): Clause | undefined {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  if (!type.includes('/') && type !== '*') return undefined;
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at > 0) parameters[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  const quality = Number(parameters['q'] ?? 1);
  return { type: type === '*' ? '*/*' : type, quality: Number.isNaN(quality) ? 1 : quality, parameters };
}

function precision(type: string): number {
  if (type === '*/*') return 0;
  return type.endsWith('/*') ? 1 : 2;
}

function covers(clause: string, type: MediaType): boolean {
  return clause === type || clause === '*/*' || (clause.endsWith('/*') && type.startsWith(clause.slice(0, -1)));
}

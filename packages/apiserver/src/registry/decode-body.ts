/**
 * Bodies of requests as objects of the API.
 *
 * Mirrors: transformDecodeError in staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go and
 * staging/src/k8s.io/apimachinery/pkg/runtime/serializer (v1.36)
 */
import {
  carrySentEmpty,
  apiVersionOf,
  badRequest,
  canonicalObject,
  decodeJson,
  decodeObject,
  decodeProtobuf,
  encodeJson,
  JsonSyntaxError,
  parseJson,
  parseJsonStrict,
  parseYaml,
  ProtoError,
  unwrapUnknown,
  YamlError,
  goQuote,
  type DecodedJson,
  type DecodeResult,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  type ObjectSchema,
} from '@kts/apimachinery';
import type { ResourceBehaviour } from '@kts/api';

import { MEDIA_TYPES, parseMediaType, unsupportedMediaType } from '../http/negotiation.ts';
import type { ApiServerRequest, RequestBody } from '../request.ts';
import { isOtherVersion, kindProblem, type TypeMeta } from './kind-mismatch.ts';
import { asDraft, cloneJson, type ObjectDraft } from './object-draft.ts';
import { addStrictWarnings, type RequestScope } from './request-scope.ts';
import type { FieldValidation } from './write-options.ts';

/** What a body is to be: a resource, or the kind of a subresource. */
export interface BodyType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
  /** Other versions of the same form that are taken too, such as `policy/v1beta1`. */
  readonly otherVersions?: readonly string[];
  /** Upstream's name for where the kind is registered, if it is not where others of its group are. */
  readonly scheme?: string;
  readonly behaviour?: Pick<ResourceBehaviour<KubeObject>, 'setDefaults' | 'coerce'>;
}

/** An object as it was sent, and what a strict reader finds wrong with it. */
interface Decoded {
  readonly object: Record<string, unknown>;
  readonly problems: readonly string[];
  readonly error?: string;
}

const SUMMARY_BYTES = 30;
/** Reads the body as an object of `type`, with defaults. Throws BadRequest and UnsupportedMediaType. */
export async function decodeBody(
  scope: RequestScope,
  type: BodyType,
  validation: FieldValidation,
): Promise<ObjectDraft> {
  const body = await scope.request.readBody();
  const { object, problems, error } = decodeBytesOrObject(
    body ?? emptyBody(scope.request),
    type,
    validation !== 'Ignore',
  );
  if (error !== undefined) throw cannotBeHandled(object, type, error);
  if (problems.length > 0) {
    if (validation === 'Strict') throw cannotBeHandled(object, type, strictText(problems));
    addStrictWarnings(scope, problems);
  }
  return finishDraft(object, type, body && sentManagedFields(body));
}

const NO_ENTRIES = /"managedFields"\s*:\s*\[\s*\]/;

/** The managed fields of a body that may have an empty list of them. */
function sentManagedFields(body: RequestBody): unknown {
  if (body.kind === 'object') return (body.object as Partial<KubeObject> | null)?.metadata?.managedFields;
  const text = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString();
  if (!NO_ENTRIES.test(text) || mediaTypeOf(body.contentType) === 'application/yaml') return undefined;
  return (JSON.parse(text) as Partial<KubeObject> | null)?.metadata?.managedFields;
}

/** No body is an empty one, of the type that the client says: YAML may be empty. */
function emptyBody({ headers }: Pick<ApiServerRequest, 'headers'>): RequestBody {
  return { kind: 'bytes', bytes: new Uint8Array(), contentType: headers['content-type'] ?? '' };
}

export function strictText(problems: readonly string[]): string {
  return `strict decoding error: ${problems.join(', ')}`;
}

/**
 * Type and metadata where they are missing, and defaults. `sentEntries` are the managed fields as they were sent: an
 * empty list, which decoding leaves out, asks to forget who owns what.
 */
export function finishDraft(object: Record<string, unknown>, type: BodyType, sentEntries?: unknown): ObjectDraft {
  const { metadata = {}, kind: _, apiVersion: __, ...rest } = object;
  // Metadata of custom objects is read once more on its way, which loses the empty list.
  const resets = Array.isArray(sentEntries) && sentEntries.length === 0 && !type.behaviour?.coerce;
  if (resets) Object.assign(metadata as object, { managedFields: [] });
  const draft = carrySentEmpty(object, { ...typeOf(object, type), metadata, ...rest } as ObjectDraft);
  type.behaviour?.setDefaults?.(asDraft(draft));
  return draft;
}

/** Custom objects may say that they are of another type: validation tells. */
function typeOf(object: TypeMeta, type: BodyType): TypeMeta {
  const own = { kind: type.kind, apiVersion: apiVersionOf(type) };
  if (!type.behaviour?.coerce) return own;
  return { kind: object.kind || own.kind, apiVersion: object.apiVersion || own.apiVersion };
}

/** A value that is shared as an object of `type`. */
export function decodeValue(type: BodyType, value: unknown): DecodeResult {
  const coerce = type.behaviour?.coerce;
  if (!coerce || typeof value !== 'object' || value === null) return decodeObject(type.schema, value);
  return coerced(coerce, cloneJson(value));
}

function decodeText(type: BodyType, json: Uint8Array, strict: boolean): DecodedJson {
  const coerce = type.behaviour?.coerce;
  if (!coerce) return decodeJson(type.schema, json, { strict });
  const { value, duplicates } = strict ? parseJsonStrict(json) : { value: parseJson(json), duplicates: [] };
  if (!typeMetaOf(value).kind) throw new NotAnObject(`Object 'Kind' is missing in '${Buffer.from(json).toString()}'`);
  const result = coerced(coerce, (value ?? {}) as object);
  const problems = duplicates.map((path) => `duplicate field ${goQuote(path)}`);
  problems.push(...result.unknown.map((path) => `unknown field ${goQuote(path)}`));
  return { ...result, strictErrors: strict ? problems : [] };
}

function coerced(coerce: NonNullable<ResourceBehaviour<KubeObject>['coerce']>, object: object): DecodeResult {
  const result = coerce(object as Record<string, unknown>);
  return { object: object as JsonObject, integerLists: false, ...result };
}

function decodeBytesOrObject(body: RequestBody, type: BodyType, strict: boolean): Decoded {
  if (body.kind === 'object') {
    checkKind(typeMetaOf(body.object), type, body.object);
    const { object, unknown, error } = decodeValue(type, body.object);
    return result(
      object,
      unknown.map((path) => `unknown field ${goQuote(path)}`),
      error,
    );
  }
  switch (mediaTypeOf(body.contentType)) {
    case '':
    case 'application/json':
      return decodeJsonBytes(body.bytes, body.bytes, type, strict);
    case 'application/yaml':
      return decodeYamlBytes(body.bytes, type, strict);
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobufBytes(body.bytes, type);
    default:
      throw unsupportedMediaType();
  }
}

/** Refuses a body that nobody can read, before its options are looked at. Throws UnsupportedMediaType. */
export function checkBodyType({ connection, headers }: Pick<ApiServerRequest, 'connection' | 'headers'>): void {
  if (connection.kind !== 'http') return;
  const type = mediaTypeOf(headers['content-type'] ?? '');
  if (type !== '' && !MEDIA_TYPES.some((known) => known === type)) throw unsupportedMediaType();
}

/** What cannot be read is a type that nobody knows. */
export function mediaTypeOf(contentType: string): string {
  return parseMediaType(contentType) ?? 'unreadable';
}

/** `sent` is what the client sent, for messages; `json` what is to be read. */
function decodeJsonBytes(sent: Uint8Array, json: Uint8Array, type: BodyType, strict: boolean): Decoded {
  try {
    const decoded = decodeText(type, json, strict);
    const { object, strictErrors, error } = decoded;
    const parsed = error === undefined ? object : parseJson(json);
    const { apiVersion = '' } = typeMetaOf(parsed);
    if (apiVersion.split('/').length > 2) {
      throw unrecognized(sent, type, `unexpected GroupVersion string: ${apiVersion}`);
    }
    checkKind(typeMetaOf(parsed), type, parsed);
    return result(object ?? (type.behaviour?.coerce ? {} : canonicalObject(type.schema, {})), strictErrors, error);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unrecognized(sent, type, `${NO_KIND}${error.message}`);
    if (error instanceof NotAnObject) throw unrecognized(sent, type, error.message);
    throw error;
  }
}

function decodeYamlBytes(bytes: Uint8Array, type: BodyType, strict: boolean): Decoded {
  const text = Buffer.from(bytes).toString();
  let value: JsonValue;
  try {
    value = parseYaml(text);
  } catch (error) {
    if (error instanceof YamlError) throw unrecognized(bytes, type, error.message);
    throw error;
  }
  const decoded = decodeJsonBytes(bytes, encodeJson(value), type, strict);
  return strict ? { ...decoded, problems: [...yamlDuplicates(text), ...decoded.problems] } : decoded;
}

/** Protobuf has no unknown fields to report. What Go would write as `null` is absent. */
function yamlDuplicates(text: string): readonly string[] {
  try {
    parseYaml(text, { strict: true });
    return [];
  } catch (error) {
    if (error instanceof YamlError) return [error.message];
    throw error;
  }
}

function decodeProtobufBytes(bytes: Uint8Array, type: BodyType): Decoded {
  try {
    const { apiVersion, kind, raw } = unwrapUnknown(bytes);
    checkKind({ apiVersion, kind }, type, {});
    return result(canonicalObject(type.schema, decodeProtobuf(type.schema, raw)), []);
  } catch (error) {
    if (error instanceof ProtoError) throw unrecognized(bytes, type, error.message);
    throw error;
  }
}

function result(object: object | null, problems: readonly string[], error?: string): Decoded {
  return { object: (object ?? {}) as Record<string, unknown>, problems, ...(error === undefined ? {} : { error }) };
}

export const NO_KIND = "couldn't get version/kind; json parse error: ";
const GO_TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Not an object that says what it is. */
export class NotAnObject extends Error {}

/** What a value says it is. Throws NotAnObject. */
export function typeMetaOf(value: unknown): TypeMeta {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return checkedTypeMeta(value as Record<string, unknown>);
  throw new NotAnObject(`${NO_KIND}json: cannot unmarshal ${goTypeName(value)} into Go value of type ${GO_TYPE_META}`);
}

function checkedTypeMeta(value: Readonly<Record<string, unknown>>): TypeMeta {
  for (const name of ['apiVersion', 'kind']) {
    const text = value[name] ?? '';
    if (typeof text === 'string') continue;
    const problem = `json: cannot unmarshal ${goTypeName(text)} into Go struct field .${name} of type string`;
    throw new NotAnObject(`${NO_KIND}${problem}`);
  }
  return { apiVersion: (value['apiVersion'] ?? '') as string, kind: (value['kind'] ?? '') as string };
}

/** What is not said is taken from the endpoint; what is said has to be a kind of this group and version. */
function checkKind(meta: TypeMeta, type: BodyType, object: unknown): void {
  const own = apiVersionOf(type);
  const { apiVersion = '', kind = '' } = meta;
  // Custom objects have to say of what version they are.
  const isUnsaid = apiVersion === '' && !type.behaviour?.coerce;
  const isOwn = isUnsaid || apiVersion === own || type.otherVersions?.includes(apiVersion) === true;
  if (isOwn && (kind === '' || kind === type.kind)) return;
  if (isOtherVersion(meta, type)) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${own})`);
  }
  const problem = kindProblem(meta, type, object);
  if (problem) throw cannotBeHandled({ apiVersion: apiVersion || own, kind: kind || type.kind }, type, problem);
}

function cannotBeHandled(object: TypeMeta, type: BodyType, text: string): Error {
  const version = object.apiVersion ? object.apiVersion.slice(object.apiVersion.indexOf('/') + 1) : type.version;
  return badRequest(
    `${object.kind ?? type.kind} in version ${goQuote(version)} cannot be handled as a ${type.kind}: ${text}`,
  );
}

function unrecognized(bytes: Uint8Array, type: BodyType, text: string): Error {
  return badRequest(
    `the object provided is unrecognized (must be of type ${type.kind}): ${text} (${summaryOf(bytes)})`,
  );
}

function summaryOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const part = Buffer.from(bytes.subarray(0, SUMMARY_BYTES));
  const text = bytes[0] === 0x7b ? part.toString() : part.toString('hex');
  return bytes.length > SUMMARY_BYTES ? `${text} ...` : text;
}

/** How Go's JSON decoder names what it found. */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/**
 * Patches as they come, and the objects they make.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (v1.36)
 */
import {
  badRequest,
  decodeObject,
  explainConversion,
  failure,
  FieldPath,
  formatJson,
  invalid,
  invalidObject,
  JsonSyntaxError,
  parseJson,
  parseJsonStrict,
  parseYaml,
  StatusError,
  wrapIntegers,
  YamlError,
  goQuote,
  type DecodeResult,
  type JsonObject,
  type JsonValue,
} from '@kts/apimachinery';

import type { ResourceDefinition } from '@kts/api';

import { unsupportedMediaType } from '../http/negotiation.ts';
import { decodeValue, finishDraft, goTypeName, strictText, type BodyType } from './decode-body.ts';
import { kindProblem, type TypeMeta } from './kind-mismatch.ts';
import type { ObjectDraft } from './object-draft.ts';
import type { RequestScope } from './request-scope.ts';
import type { FieldValidation } from './write-options.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface PatchBody {
  readonly type: PatchType;
  readonly value: JsonValue;
  /** Why the body cannot be read: only told once there is an object to patch. */
  readonly failure?: Error;
  /** What a strict reader complains of: fields that are there twice. */
  readonly problems: readonly string[];
}

const TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Reads the body by its media type. Throws UnsupportedMediaType and BadRequest. */
export async function readPatch(scope: RequestScope, strict: boolean): Promise<PatchBody> {
  const body = await scope.request.readBody();
  const type = patchTypeOf(scope, body?.contentType ?? scope.request.headers['content-type'] ?? '');
  if (body?.kind === 'object') return { type, value: body.object as JsonValue, problems: [] };
  const bytes = body?.bytes ?? new Uint8Array();
  return type === 'apply' ? readYaml(bytes) : readJson(type, bytes, strict);
}

/** Throws UnsupportedMediaType. */
export function patchTypeOf({ definition }: Pick<RequestScope, 'definition'>, contentType: string): PatchType {
  const type = TYPES[contentType.split(';', 1)[0]!.trim()];
  const custom = isCustom(definition);
  if (type && !(type === 'strategic' && custom)) return type;
  throw unsupportedMediaType(Object.keys(TYPES).filter((name) => !(custom && TYPES[name] === 'strategic')));
}

/**
 * The routes of built-in kinds take requests with one of their media types only; others never reach the endpoint, which
 * would give a better answer. Throws UnsupportedMediaType.
 */
export function checkPatchRoute({ definition, request }: Pick<RequestScope, 'definition' | 'request'>): void {
  if (isCustom(definition) || request.connection.kind !== 'http') return;
  const sent = (request.headers['content-type'] ?? '').split(',').map((part) => part.split(';', 1)[0]!.trim());
  if (sent.some((type) => type in TYPES)) return;
  throw failure('UnsupportedMediaType', '415: Unsupported Media Type', {});
}

function isCustom({ schema }: ResourceDefinition): boolean {
  return schema.name === '';
}

function readJson(type: PatchType, bytes: Uint8Array, strict: boolean): PatchBody {
  try {
    if (!strict) return { type, value: parseJson(bytes), problems: [] };
    const { value, duplicates } = parseJsonStrict(bytes);
    const prefix = type === 'json' ? 'json patch ' : '';
    const problems = duplicates.map((path) => `${prefix}duplicate field ${goQuote(path)}`);
    return { type, value, problems };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const text = type === 'strategic' || !strict ? error.message : `error decoding patch: ${error.message}`;
    return { type, value: null, problems: [], failure: badRequest(text) };
  }
}

function readYaml(bytes: Uint8Array): PatchBody {
  const text = Buffer.from(bytes).toString();
  try {
    return { type: 'apply', value: parseYaml(text), problems: yamlProblems(text) };
  } catch (error) {
    if (error instanceof YamlError)
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    throw error;
  }
}

function yamlProblems(text: string): readonly string[] {
  try {
    parseYaml(text, { strict: true });
    return [];
  } catch (error) {
    if (error instanceof YamlError) return [`error converting YAML to JSON: ${error.message}`];
    throw error;
  }
}

/** A document that a patch has made. */
export interface PatchedDocument {
  readonly value: JsonValue;
  /** What a strict reader finds wrong with the patch itself. */
  readonly problems: readonly string[];
  /** The same with its members in the order in which messages and warnings name them. */
  readonly written: () => JsonValue;
  /** What a message about the result shows. */
  readonly shown: () => string;
  /** Made without ever being bytes: what does not fit is said in other words. */
  readonly converted: boolean;
}

/** The patched document as an object of `type`, with defaults, and warnings. Throws Invalid with all of it. */
export function decodePatched(
  type: BodyType,
  { value, problems: found, written, shown, converted }: PatchedDocument,
  validation: FieldValidation,
): { readonly draft: ObjectDraft; readonly warnings: readonly string[] } {
  const refuse = (text: string): Error => refusedPatch(type.behaviour?.coerce ? sortedText(value) : shown(), text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeName(value)} into Go value of type ${GO_TYPE_META}`,
    );
  }
  if (!converted && !type.behaviour?.coerce && !(value as TypeMeta).apiVersion) {
    // Upstream reads it as its own internal type, in which none of the fields has the name that it has here.
    const strange = Object.keys(value)
      .filter((field) => field !== 'apiVersion' && field !== 'kind')
      .sort();
    const problems = [...found, ...strange.map((field) => `unknown field ${goQuote(field)}`)];
    if (validation === 'Strict') throw refuse(strictText(problems));
    return { draft: finishDraft({}, type), warnings: validation === 'Ignore' ? [] : problems };
  }
  let decoded = decodeValue(type, value);
  if (converted && decoded.error !== undefined) decoded = decodeValue(type, wrapIntegers(type.schema, value));
  const { object } = decoded;
  const fits = decoded.error === undefined && decoded.unknown.length === 0;
  const { unknown, error } = fits
    ? decoded
    : converted
      ? explainConversion(type.schema, wrapIntegers(type.schema, value))
      : inOrder(type, decoded, written);
  if (error !== undefined) throw refuse(error);
  const mismatch = converted ? undefined : kindProblem(value as JsonObject, type, value);
  if (mismatch) throw refuse(mismatch);
  const problems = [...found, ...unknown.map((path) => `unknown field ${goQuote(path)}`)];
  if (validation === 'Strict' && problems.length > 0) throw refuse(strictText(problems));
  const sentEntries = (value as { readonly metadata?: { readonly managedFields?: unknown } }).metadata?.managedFields;
  const draft = finishDraft(object as Record<string, unknown>, type, sentEntries);
  return { draft, warnings: validation === 'Ignore' ? [] : problems };
}

/** What is wrong with a document is told in the order of its members. */
function inOrder(type: BodyType, decoded: DecodeResult, written: () => JsonValue): DecodeResult {
  const ordered = decoded.error === undefined && decoded.unknown.length <= 1;
  return ordered || type.behaviour?.coerce ? decoded : decodeObject(type.schema, written());
}

const GO_TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** Custom objects are maps in Go, whose members it prints in order. */
function sortedText(value: JsonValue): string {
  return formatJson(sortedMembers(value));
}

function sortedMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortedMembers);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sortedMembers(member)]));
}

/** The answer about a patch whose outcome is no object: it names neither kind nor object. */
function refusedPatch(shown: string, text: string): Error {
  const { status } = invalidObject({ group: '', kind: '' }, '', [invalid(FieldPath.of('patch'), shown, text)]);
  const { kind: _, ...details } = status.details ?? {};
  return new StatusError({ ...status, details });
}

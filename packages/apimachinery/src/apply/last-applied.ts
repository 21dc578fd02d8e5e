import type { JsonObject, JsonValue } from '../scalars.ts';
import { formatJson } from '../strict-json.ts';
import { compareObjects } from './compare-objects.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldsOf } from './object-fields.ts';
import type { ManagedType } from './typed-versions.ts';
import { metadataOf } from './update-managed-fields.ts';
import { validateApplied } from './validate-applied.ts';

/**
 * The way from client-side to server-side apply, which only kubectl goes: it may take what its last client-side apply
 * had set, and its annotation is kept up to date.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/lastapplied*.go (v1.36)
 */
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
export const KUBECTL_MANAGER = 'kubectl';
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** The fields that the annotation says were set by kubectl and that nobody has changed since. */
export function allowedByLastApplied(type: ManagedType, live: JsonObject): FieldSet | undefined {
  const text = annotationsOf(live)[LAST_APPLIED_ANNOTATION];
  if (typeof text !== 'string' || text === '') return undefined;
  const lastApplied = parseObject(text);
  if (lastApplied?.['apiVersion'] !== type.apiVersion || validateApplied(type.schema, lastApplied).length > 0) {
    return undefined;
  }
  const { modified, added, removed } = compareObjects(type.schema, lastApplied, live);
  return [modified, added, removed].reduce(difference, fieldsOf(type.schema, lastApplied));
}

/** Writes the applied configuration into the annotation, if the object has one and it is not too large. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (!annotations[LAST_APPLIED_ANNOTATION]) return object;
  const { [LAST_APPLIED_ANNOTATION]: _, ...others } = annotations;
  const updated: JsonObject = { ...others, [LAST_APPLIED_ANNOTATION]: lastAppliedText(applied) };
  const bytes = Object.entries(updated).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(`${key}${value as string}`),
    0,
  );
  const metadata = { ...metadataOf(object), annotations: bytes > ANNOTATIONS_BYTES_MAX ? others : updated };
  return { ...object, metadata };
}

function lastAppliedText(applied: JsonObject): string {
  const { annotations, ...metadata } = metadataOf(applied);
  const { [LAST_APPLIED_ANNOTATION]: _, ...others } = (annotations ?? {}) as JsonObject;
  const kept = annotations === undefined ? metadata : { ...metadata, annotations: others };
  return `${formatJson(sorted({ ...applied, metadata: kept }))}\n`;
}

function sorted(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

function annotationsOf(object: JsonObject): JsonObject {
  return (metadataOf(object)['annotations'] ?? {}) as JsonObject;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as JsonValue;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a conversion webhook is asked, and what its answer has to be. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go (v1.36)
 */
import { FieldPath, type JsonObject, type JsonValue, type KubeObject } from '@kts/apimachinery';
import { validateLabels } from '@kts/api';

/** The message continues a sentence that names the webhook. */
export class InvalidConversion extends Error {
  override readonly name = 'InvalidConversion';
}

export function conversionReview(
  version: string,
  uid: string,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
): object {
  return {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version}`,
    request: { uid, desiredAPIVersion, objects },
    response: { uid: '', convertedObjects: null, result: { metadata: {} } },
  };
}

/** The converted objects of a review. Throws InvalidConversion. */
export function readConversion(version: string, uid: string, review: JsonValue): readonly JsonValue[] {
  const { response, ...type } = recordOf(review) ?? {};
  const [kind, apiVersion] = [textOf(type['kind']), textOf(type['apiVersion'])];
  if (version === 'v1' && (kind !== 'ConversionReview' || apiVersion !== 'apiextensions.k8s.io/v1')) {
    const expected = 'apiextensions.k8s.io/v1, Kind=ConversionReview';
    throw new InvalidConversion(`failed: expected webhook response of ${expected}, got ${apiVersion}, Kind=${kind}`);
  }
  const answer = recordOf(response);
  if (!answer) throw new InvalidConversion('failed: no response provided');
  if (version === 'v1' && answer.uid !== uid) {
    const found = JSON.stringify(answer.uid ?? '');
    throw new InvalidConversion(`failed: expected response.uid=${JSON.stringify(uid)}, got ${found}`);
  }
  const result = recordOf(answer.result) ?? {};
  const status = textOf(result['status']);
  if (status !== 'Success') {
    const why = textOf(result['message']) || `response.result.status was '${status}', not 'Success'`;
    throw new InvalidConversion(`failed: ${why}`);
  }
  return Array.isArray(answer.convertedObjects) ? answer.convertedObjects : [];
}

/** A converted object: of its metadata only labels and annotations may have changed. Throws InvalidConversion. */
export function restored(
  original: KubeObject,
  converted: JsonValue | undefined,
  apiVersion: string,
  index: number,
): KubeObject {
  const object = recordOf(converted) ?? {};
  checkType(original, object, apiVersion, index);
  const answered = recordOf(object.metadata);
  checkIdentity(original, answered ?? {});
  if (object.metadata === undefined) {
    throw new InvalidConversion('returned invalid metadata: missing metadata in converted object');
  }
  const metadata: Record<string, unknown> = { ...original.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    const map = stringMap(answered?.[field], field);
    if (map) metadata[field] = map;
    else delete metadata[field];
  }
  checkLabels(metadata.labels as Record<string, string> | undefined);
  return { ...object, metadata } as unknown as KubeObject;
}

function checkType(original: KubeObject, object: JsonObject, apiVersion: string, index: number): void {
  const where = `returned invalid object at index ${index}:`;
  if (object.apiVersion !== apiVersion) {
    const pair = `(expected ${apiVersion}, received ${textOf(object.apiVersion)})`;
    throw new InvalidConversion(`${where} invalid groupVersion ${pair}`);
  }
  if (object.kind !== original.kind) {
    const pair = `(expected ${original.kind}, received ${textOf(object.kind)})`;
    throw new InvalidConversion(`${where} invalid kind ${pair}`);
  }
}

const IDENTITY = { name: 'name', namespace: 'namespace', uid: 'UID' } as const;

function checkIdentity({ metadata }: KubeObject, converted: JsonObject): void {
  for (const [field, name] of Object.entries(IDENTITY)) {
    const before = metadata[field as keyof typeof IDENTITY] ?? '';
    const after = textOf(converted[field]);
    if (before === after) continue;
    throw new InvalidConversion(`returned invalid object: must have the same ${name}: ${before} != ${after}`);
  }
}

function stringMap(value: JsonValue | undefined, field: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  const map = recordOf(value);
  if (!map) {
    throw new InvalidConversion(
      `returned invalid metadata: invalid metadata.${field} of type ${goType(value)} in converted object`,
    );
  }
  for (const [key, text] of Object.entries(map)) {
    if (typeof text === 'string') continue;
    const problem = `metadata.${field}[${key}] must be a string, but is ${goType(text!)} in converted object`;
    throw new InvalidConversion(`returned invalid metadata: ${problem}`);
  }
  return map;
}

function checkLabels(labels: Readonly<Record<string, string>> | undefined): void {
  const errors = validateLabels(labels, FieldPath.of('metadata', 'labels'));
  if (errors.length === 0) return;
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  throw new InvalidConversion(`returned invalid metadata: ${texts.length > 1 ? `[${texts.join(', ')}]` : texts[0]}`);
}

function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'object') return 'map[string]interface {}';
  return Number.isInteger(value) ? 'int64' : 'float64';
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function recordOf(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

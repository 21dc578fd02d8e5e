import { decodeScalar, TypeMismatchError } from './decode-scalar.ts';
import { jsonPathText, type JsonPathSegment } from './json-scan.ts';
import type { ObjectSchema, ScalarFormat, Schema } from './schema.ts';

/**
 * What is wrong with the result of a strategic merge patch or of an apply. It is converted to the object's type by
 * other means than JSON is decoded, with messages of their own; unknown fields come sorted.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/converter.go (v1.36)
 */
export interface ConversionProblems {
  readonly unknown: readonly string[];
  readonly error?: string;
}

export function explainConversion(schema: ObjectSchema, value: unknown): ConversionProblems {
  const unknown = new Set<string>();
  try {
    visit(schema, value, [], unknown);
  } catch (error) {
    return { unknown: [], error: (error as Error).message };
  }
  return { unknown: [...unknown].sort() };
}

/** `path` leads to the value; it is the same array all the way, and as it was when this returns. */
function visit(schema: Schema, value: unknown, path: JsonPathSegment[], unknown: Set<string>): void {
  if (value === null || value === undefined) return;
  switch (schema.type) {
    case 'scalar':
      return visitScalar(schema.format, value);
    case 'list':
      if (!Array.isArray(value)) throw new Error(`cannot restore slice from ${goKind(value)}`);
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        visitBelow(schema.items, item, index, path, unknown);
      }
      return;
    case 'map':
      if (goKind(value) !== 'map') throw new Error(`cannot restore map from ${goKind(value)}`);
      for (const [key, item] of Object.entries(value)) visitBelow(schema.values, item, key, path, unknown);
      return;
    case 'object':
      if (goKind(value) !== 'map') throw new Error(`cannot restore struct from: ${goKind(value)}`);
      for (const [key, item] of Object.entries(value)) {
        const field = schema.fields.get(key);
        if (field) visitBelow(field.schema, item, key, path, unknown);
        else if (!schema.preserveUnknownFields) unknown.add(jsonPathText([...path, key]));
      }
  }
}

function visitBelow(
  schema: Schema,
  value: unknown,
  segment: JsonPathSegment,
  path: JsonPathSegment[],
  unknown: Set<string>,
): void {
  path.push(segment);
  visit(schema, value, path, unknown);
  path.pop();
}

function visitScalar(format: ScalarFormat, value: unknown): void {
  try {
    decodeScalar(format, value);
  } catch (error) {
    const goType = PLAIN_TYPES[format];
    if (format === 'bytes' && typeof value === 'string') {
      throw new Error(`error decoding from json: ${(error as Error).message}`, { cause: error });
    }
    if (goType === undefined || !(error instanceof TypeMismatchError)) throw error;
    const kind = goKind(value);
    if (goType === 'slice') throw new Error(`cannot restore slice from ${kind}`, { cause: error });
    const isNumber = kind === 'int64' || kind === 'float64';
    const convertible =
      isNumber && (goType.startsWith('int') || goType === 'float64' || (kind === 'int64' && goType === 'string'));
    throw new Error(convertible ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${goType}`, {
      cause: error,
    });
  }
}

const PLAIN_TYPES: Readonly<Partial<Record<ScalarFormat, string>>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: 'slice',
};

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

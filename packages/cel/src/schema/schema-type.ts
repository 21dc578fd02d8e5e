import { BOOL, DOUBLE, DYN, INT, STRING, type CelType, type ListType, type ObjectField } from '../types/cel-type.ts';
import { escapeName } from './escaping.ts';

/**
 * The type of values that an OpenAPI schema describes, with the bounds that cost estimation needs.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/common/schemas.go, types.go, limits.go, openapi/resolver/refs.go (v1.36)
 */
export interface OpenApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema | readonly OpenApiSchema[];
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export interface SchemaTypeOptions {
  /** The name of the type; those of objects within derive from it: `name.field`, `name.list.@idx`, `name.map.@elem`. */
  readonly name: string;
  /** The root of a resource has apiVersion, kind and some metadata whether the schema says so or not. Default false. */
  readonly resourceRoot?: boolean;
  /** Finds what `$ref` names. A reference to a schema that contains it is an object without fields. */
  readonly resolve?: (ref: string) => OpenApiSchema | undefined;
}

/** The largest request that upstream's limits are computed with. */
export const REQUEST_SIZE_MAX = 3 * 1024 * 1024;
const DURATION_SIZE_MAX = 32;
const DATETIME_SIZE_MAX = 32;
const DATE_SIZE = 12;
const DURATION_SIZE_MIN = 3;
const DATETIME_SIZE_MIN = 21;
/** `{}`, `[]` and `""` */
const EMPTY_SIZE = 2;
/** A string without its quotes. */
const STRING_SIZE_MAX = REQUEST_SIZE_MAX - 2;

/** Undefined: expressions cannot see such values. */
export function schemaType(schema: OpenApiSchema, options: SchemaTypeOptions): CelType | undefined {
  return new SchemaReader(options.resolve).type(schema, options.name, options.resourceRoot ?? false);
}

class SchemaReader {
  readonly #resolve: SchemaTypeOptions['resolve'];
  readonly #within: Set<string> = new Set();

  constructor(resolve: SchemaTypeOptions['resolve']) {
    this.#resolve = resolve;
  }

  type(schema: OpenApiSchema, name: string, resourceRoot: boolean): CelType | undefined {
    const ref = this.#resolve && refOf(schema);
    if (!ref) return this.#plainType(schema, name, resourceRoot);
    const resolved = this.#resolve!(ref);
    if (!resolved) return undefined;
    if (this.#within.has(ref)) return { kind: 'object', name, fields: new Map(), serializedMin: EMPTY_SIZE };
    this.#within.add(ref);
    const type = this.#plainType(resolved, name, resourceRoot);
    this.#within.delete(ref);
    return type;
  }

  #plainType(schema: OpenApiSchema, name: string, resourceRoot: boolean): CelType | undefined {
    const nullable = schema.nullable ? { nullable: true } : {};
    if (schema['x-kubernetes-int-or-string']) {
      const sizeMax = schema.maxLength === undefined ? STRING_SIZE_MAX : bytesOf(schema.maxLength);
      return { ...DYN, serializedMin: 1, sizeMax, ...nullable };
    }
    switch (resourceRoot ? 'object' : (schema.type ?? '')) {
      case 'array':
        return this.#listType(schema, name);
      case 'object':
        return this.#mapType(schema, name) ?? this.#objectType(resourceRoot ? withMetadata(schema) : schema, name);
      case 'string':
        return { ...stringType(schema), ...nullable };
      case 'boolean':
        return { ...BOOL, ...nullable };
      case 'number':
        return { ...DOUBLE, ...nullable };
      case 'integer':
        return { ...INT, ...nullable };
      default:
        return undefined;
    }
  }

  #listType(schema: OpenApiSchema, name: string): CelType | undefined {
    const { items } = schema;
    if (!items || Array.isArray(items)) return undefined;
    const itemSchema = items as OpenApiSchema;
    const element = this.type(itemSchema, `${name}.@idx`, itemSchema['x-kubernetes-embedded-resource'] ?? false);
    if (!element) return undefined;
    const smallest = serializedMin(element);
    const listType = schema['x-kubernetes-list-type'] as ListType['listType'];
    const listMapKeys = schema['x-kubernetes-list-map-keys'];
    return {
      kind: 'list',
      element,
      sizeMax:
        schema.maxItems === undefined ? Math.floor(STRING_SIZE_MAX / (smallest + 1)) : Math.max(0, schema.maxItems),
      serializedMin: EMPTY_SIZE,
      ...(schema.nullable ? { nullable: true } : {}),
      ...(listType && { listType }),
      ...(listMapKeys && { listMapKeys }),
    };
  }

  /** Undefined: it has no `additionalProperties` with a schema that expressions can see. */
  #mapType(schema: OpenApiSchema, name: string): CelType | undefined {
    const values = schema.additionalProperties;
    if (typeof values !== 'object') return undefined;
    const value = this.type(values, `${name}.@elem`, values['x-kubernetes-embedded-resource'] ?? false);
    if (!value) return undefined;
    // Two quotes, a colon, a comma and the smallest key and value.
    const entrySize = serializedMin(value) + 6;
    return {
      kind: 'map',
      key: STRING,
      value,
      sizeMax:
        schema.maxProperties === undefined
          ? Math.floor(STRING_SIZE_MAX / entrySize)
          : Math.max(0, schema.maxProperties),
      serializedMin: EMPTY_SIZE,
      ...(schema.nullable ? { nullable: true } : {}),
    };
  }

  #objectType(schema: OpenApiSchema, name: string): CelType | undefined {
    if (typeof schema.additionalProperties === 'object') return undefined;
    const fields = new Map<string, ObjectField>();
    const required = new Set(schema.required);
    let smallest = EMPTY_SIZE;
    for (const [property, propertySchema] of Object.entries(schema.properties ?? {})) {
      const escaped = escapeName(property);
      const embedded = propertySchema['x-kubernetes-embedded-resource'] ?? false;
      const type = this.type(propertySchema, `${name}.${escaped ?? property}`, embedded);
      if (!type) continue;
      if (escaped !== undefined) fields.set(escaped, escaped === property ? { type } : { type, jsonName: property });
      if (required.has(property) && (propertySchema.default ?? undefined) === undefined) {
        smallest += Buffer.byteLength(property) + serializedMin(type) + 4;
      }
    }
    return {
      kind: 'object',
      name,
      fields,
      serializedMin: smallest,
      ...(schema.nullable ? { nullable: true } : {}),
    };
  }
}

function refOf(schema: OpenApiSchema): string | undefined {
  return schema.$ref ?? schema.allOf?.map(refOf).find((ref) => ref !== undefined);
}

function stringType(schema: OpenApiSchema): CelType {
  switch (schema.format ?? '') {
    case 'byte':
      return {
        kind: 'bytes',
        serializedMin: EMPTY_SIZE,
        sizeMax: schema.maxLength === undefined ? STRING_SIZE_MAX : Math.max(0, schema.maxLength),
      };
    case 'duration':
      return { kind: 'duration', serializedMin: DURATION_SIZE_MIN, sizeMax: DURATION_SIZE_MAX };
    case 'date':
      return { kind: 'timestamp', serializedMin: DATE_SIZE, sizeMax: DATE_SIZE, format: 'date' };
    case 'date-time':
      return { kind: 'timestamp', serializedMin: DATETIME_SIZE_MIN, sizeMax: DATETIME_SIZE_MAX };
    default:
      return { kind: 'string', serializedMin: EMPTY_SIZE, sizeMax: stringSizeMax(schema) };
  }
}

function stringSizeMax(schema: OpenApiSchema): number {
  if (schema.maxLength !== undefined) return bytesOf(schema.maxLength);
  if (!schema.enum || schema.enum.length === 0) return STRING_SIZE_MAX;
  const sizes = schema.enum.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0));
  return Math.max(...sizes);
}

/** A code point takes up to four bytes. */
function bytesOf(codePoints: number): number {
  return Math.max(0, codePoints) * 4;
}

function serializedMin(type: CelType): number {
  return type.serializedMin ?? 1;
}

function withMetadata(schema: OpenApiSchema): OpenApiSchema {
  const { properties = {} } = schema;
  const { kind, apiVersion, metadata } = properties;
  const isString = (property: OpenApiSchema | undefined) => property?.type === 'string';
  const complete =
    isString(kind) &&
    isString(apiVersion) &&
    metadata?.type === 'object' &&
    isString(metadata.properties?.['name']) &&
    isString(metadata.properties?.['generateName']);
  if (complete) return schema;
  const text: OpenApiSchema = { type: 'string' };
  const objectMeta: OpenApiSchema = { type: 'object', properties: { name: text, generateName: text } };
  return {
    ...schema,
    type: 'object',
    properties: { ...properties, kind: text, apiVersion: text, metadata: objectMeta },
  };
}

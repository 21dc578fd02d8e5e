/**
 * Kinds as OpenAPI schemas. Pure.
 *
 * Mirrors: what kube-openapi makes of Go types (v1.36)
 * Differs: only metadata has descriptions, because they would be most of the document.
 */
import type { Field, ObjectSchema, ScalarFormat, Schema } from '@kts/apimachinery';

import { descriptionOfType } from './meta-descriptions.ts';
import { PUBLISHED_UNIONS } from './published-types.ts';

export type SchemaObject = Readonly<Record<string, unknown>>;

/** Group, version and kind, as `x-kubernetes-group-version-kind` shows them. */
export interface KindName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What references in documents of OpenAPI 3.0 begin with. */
const V3_REFERENCE = '#/components/';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';

/** Scalars with a definition of their own, and what that is. */
const NAMED_SCALARS: Readonly<Record<string, SchemaObject>> = {
  [`${META}Time`]: { type: 'string', format: 'date-time' },
  [`${META}MicroTime`]: { type: 'string', format: 'date-time' },
  [`${META}Duration`]: { type: 'string' },
  [`${META}FieldsV1`]: { type: 'object' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
  [`${EXTENSIONS}JSON`]: {},
  [`${EXTENSIONS}JSONSchemaPropsOrArray`]: {},
  [`${EXTENSIONS}JSONSchemaPropsOrBool`]: {},
  [`${EXTENSIONS}JSONSchemaPropsOrStringArray`]: {},
};

/** Scalars that OpenAPI 3.0 can say more about. */
const UNION_SCALARS: Readonly<Record<string, SchemaObject>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
};

const PLAIN_SCALARS: Readonly<Partial<Record<ScalarFormat, SchemaObject>>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

const SCALAR_NAMES: Readonly<Partial<Record<ScalarFormat, string>>> = {
  time: `${META}Time`,
  microTime: `${META}MicroTime`,
  duration: `${META}Duration`,
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
};

/** The unions of JSON schemas, by the field that has them. */
const UNIONS: Readonly<Record<string, string>> = {
  items: `${EXTENSIONS}JSONSchemaPropsOrArray`,
  additionalItems: `${EXTENSIONS}JSONSchemaPropsOrBool`,
  additionalProperties: `${EXTENSIONS}JSONSchemaPropsOrBool`,
  dependencies: `${EXTENSIONS}JSONSchemaPropsOrStringArray`,
};

export interface SchemaOptions {
  /** `#/definitions/` or `#/components/schemas/`. */
  readonly prefix: string;
  /** The kinds that a type is the schema of. */
  readonly kindsOf: (name: string) => readonly KindName[];
}

/** The definitions of all types that can be reached from some, by name in order of the alphabet. */
export function definitionsOf(roots: Iterable<ObjectSchema>, options: SchemaOptions): Record<string, SchemaObject> {
  const found = new Map<string, SchemaObject>();
  const pending = [...roots];
  const isV3 = options.prefix.startsWith(V3_REFERENCE);
  const reference = (name: string): SchemaObject => {
    const scalar = (isV3 ? UNION_SCALARS[name] : undefined) ?? NAMED_SCALARS[name];
    if (scalar && !found.has(name)) found.set(name, scalar);
    return { $ref: options.prefix + name };
  };
  const convert = (schema: Schema, field: string): SchemaObject => {
    switch (schema.type) {
      case 'object':
        if (schema.name === '') return objectSchema(schema, convert);
        pending.push(schema);
        return reference(schema.name);
      case 'map':
        return {
          type: 'object',
          additionalProperties: convert(schema.values, field),
          ...mapExtensions(schema.mapType),
        };
      case 'list':
        return { type: 'array', items: convert(schema.items, field), ...listExtensions(schema) };
      case 'scalar':
        return PLAIN_SCALARS[schema.format] ?? reference(scalarName(schema.format, field));
    }
  };
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (found.has(next.name)) continue;
    found.set(next.name, {});
    const kinds = options.kindsOf(next.name);
    found.set(next.name, {
      ...objectSchema(next, convert),
      ...(kinds.length > 0 ? { 'x-kubernetes-group-version-kind': kinds } : {}),
    });
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function scalarName(format: ScalarFormat, field: string): string {
  const name = SCALAR_NAMES[format];
  if (name) return name;
  if (format === 'json') return UNIONS[field] ?? `${EXTENSIONS}JSON`;
  return field === 'fieldsV1' ? `${META}FieldsV1` : 'io.k8s.apimachinery.pkg.runtime.RawExtension';
}

type Convert = (schema: Schema, field: string) => SchemaObject;

function objectSchema(schema: ObjectSchema, convert: Convert): SchemaObject {
  const properties: Record<string, SchemaObject> = {};
  const required: string[] = [];
  const description = descriptionOfType(schema.name);
  for (const field of schema.fields.values()) {
    properties[field.name] = described(fieldSchema(field, convert), description?.fields[field.name]);
    if (!field.optional) required.push(field.name);
  }
  return {
    ...(description ? { description: description.type } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
    type: 'object',
    ...mapExtensions(schema.structType),
    ...(PUBLISHED_UNIONS[schema.name] ? { 'x-kubernetes-unions': [PUBLISHED_UNIONS[schema.name]] } : {}),
    ...(schema.preserveUnknownFields ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
}

/** In OpenAPI 3.0, nothing may stand beside a reference. */
function described(schema: SchemaObject, description: string | undefined): SchemaObject {
  if (description === undefined) return schema;
  const reference = schema['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith(V3_REFERENCE)) return { description, ...schema };
  const { $ref, ...rest } = schema;
  return { description, allOf: [{ $ref }], ...rest };
}

function fieldSchema(field: Field, convert: Convert): SchemaObject {
  const schema = convert(field.schema, field.name);
  return {
    ...withEnum(schema, field.enum),
    ...(field.patchMergeKey ? { 'x-kubernetes-patch-merge-key': field.patchMergeKey } : {}),
    ...(field.patchStrategy ? { 'x-kubernetes-patch-strategy': field.patchStrategy } : {}),
  };
}

/** The values of a field, or of its elements. */
function withEnum(schema: SchemaObject, values: readonly string[] | undefined): SchemaObject {
  if (!values) return schema;
  const sorted = [...values].sort();
  if (schema['type'] === 'array') return { ...schema, items: { ...(schema['items'] as object), enum: sorted } };
  return schema['type'] === 'string' ? { ...schema, enum: sorted } : schema;
}

function mapExtensions(mapType: 'atomic' | 'granular' | undefined): SchemaObject {
  return mapType === 'atomic' ? { 'x-kubernetes-map-type': mapType } : {};
}

function listExtensions(schema: {
  readonly listType?: string;
  readonly listMapKeys?: readonly string[];
}): SchemaObject {
  return {
    ...(schema.listMapKeys ? { 'x-kubernetes-list-map-keys': schema.listMapKeys } : {}),
    ...(schema.listType ? { 'x-kubernetes-list-type': schema.listType } : {}),
  };
}

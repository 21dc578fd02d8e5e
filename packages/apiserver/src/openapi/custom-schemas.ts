/**
 * Custom kinds as OpenAPI schemas: what their definitions say, with type and metadata. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/openapi/{builder/builder.go,v2/conversion.go} and
 * Unfold in .../pkg/apiserver/schema/unfold.go (v1.36)
 */
import { deepEqual } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import type { SchemaObject } from './schemas.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const CONVENTIONS = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
const API_VERSION =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values.';
const KIND =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase.';

/** `com.example.stable.v1.CronTab` */
export function customTypeName(
  { group, version }: Pick<ResourceDefinition, 'group' | 'version'>,
  kind: string,
): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

export interface CustomSchemaOptions {
  /** `#/definitions/` or `#/components/schemas/`. */
  readonly prefix: string;
  /** OpenAPI 2.0 cannot say everything, and its readers break at some of the rest. */
  readonly v2: boolean;
}

/** The schemas of a custom kind and of its list, by name. */
export function customSchemas(
  definition: ResourceDefinition,
  options: CustomSchemaOptions,
): Record<string, SchemaObject> {
  const { kind, listKind, plural } = definition;
  const reference = `${options.prefix}${customTypeName(definition, kind)}`;
  const items = { type: 'array', items: { $ref: reference }, description: `List of ${plural}. ${CONVENTIONS}` };
  return {
    [customTypeName(definition, kind)]: { ...kindSchema(definition, options), ...extensions(definition, kind) },
    [customTypeName(definition, listKind)]: {
      description: `${listKind} is a list of ${kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...typeProperties(),
        items,
        metadata: referenceTo('ListMeta', `Standard list metadata. ${CONVENTIONS}#types-kinds`, options),
      },
      ...extensions(definition, listKind),
    },
  };
}

function extensions({ group, version, selectable }: ResourceDefinition, kind: string): SchemaObject {
  return {
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
    ...(selectable ? { 'x-kubernetes-selectable-fields': selectable.map((fieldPath) => ({ fieldPath })) } : {}),
  };
}

function typeProperties(): Record<string, SchemaObject> {
  return {
    apiVersion: { type: 'string', description: `${API_VERSION} ${CONVENTIONS}#resources` },
    kind: { type: 'string', description: `${KIND} ${CONVENTIONS}#types-kinds` },
  };
}

function referenceTo(kind: string, description: string, { prefix, v2 }: CustomSchemaOptions): SchemaObject {
  const reference = { $ref: `${prefix}${META}${kind}` };
  return v2 ? { description, ...reference } : { description, allOf: [reference] };
}

const metadataReference = (options: CustomSchemaOptions): SchemaObject =>
  referenceTo('ObjectMeta', `Standard object's metadata. ${CONVENTIONS}#metadata`, options);

/** Without any properties, clients take it that nothing is forbidden. */
function kindSchema({ openApiSchema }: ResourceDefinition, options: CustomSchemaOptions): SchemaObject {
  if (!openApiSchema || (options.v2 && openApiSchema['x-kubernetes-preserve-unknown-fields']))
    return { type: 'object' };
  const schema = convert(openApiSchema, options);
  const properties = schema['properties'] as Record<string, SchemaObject> | undefined;
  return { ...schema, properties: { ...properties, ...typeProperties(), metadata: metadataReference(options) } };
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

function convert(schema: JSONSchemaProps, options: CustomSchemaOptions): SchemaObject {
  const { items, properties, additionalProperties, not, allOf, anyOf, oneOf, ...rest } = schema;
  const nested = (list: readonly JSONSchemaProps[] | undefined) => list?.map((one) => convert(one, options));
  const converted: Record<string, unknown> = {
    ...rest,
    ...(items ? { items: convert(items as JSONSchemaProps, options) } : {}),
    ...(properties ? { properties: mapValues(properties, (property) => convert(property, options)) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: convert(additionalProperties, options) }
      : additionalProperties === undefined
        ? {}
        : { additionalProperties }),
  };
  if (options.v2) return reduced(schema, converted, options);
  Object.assign(converted, {
    ...(not ? { not: convert(not, options) } : {}),
    ...(allOf ? { allOf: nested(allOf) } : {}),
    ...(anyOf ? { anyOf: nested(anyOf) } : {}),
    ...(oneOf ? { oneOf: nested(oneOf) } : {}),
  });
  return withTypeMeta(schema, unfolded(schema, converted), options);
}

/** Says in plain OpenAPI that a value is an integer or a string. */
function unfolded(schema: JSONSchemaProps, converted: Record<string, unknown>): Record<string, unknown> {
  const { anyOf, allOf } = schema;
  const said = deepEqual(anyOf, INT_OR_STRING) || deepEqual(allOf?.[0]?.anyOf, INT_OR_STRING);
  if (!schema['x-kubernetes-int-or-string'] || said) return converted;
  if (!anyOf?.length) return { ...converted, anyOf: INT_OR_STRING };
  const { anyOf: own, allOf: others = [], ...rest } = converted;
  return { ...rest, allOf: [{ anyOf: INT_OR_STRING }, { anyOf: own }, ...(others as unknown[])] };
}

/** Without what readers of OpenAPI 2.0 do not know or cannot cope with. */
function reduced(
  schema: JSONSchemaProps,
  converted: Record<string, unknown>,
  options: CustomSchemaOptions,
): SchemaObject {
  const result = converted;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema.nullable) for (const name of ['type', 'nullable', 'items', 'properties']) delete result[name];
  if (preserves) for (const name of ['items', 'properties']) delete result[name];
  if (result['type'] === 'array' && result['items'] === undefined) delete result['type'];
  if (preserves && result['type'] === 'object') delete result['type'];
  const required = requiredIn(schema);
  if (required.length > 0) result['required'] = required;
  else delete result['required'];
  return preserves ? result : withTypeMeta(schema, result, options);
}

function requiredIn({ required = [], properties = {}, additionalProperties }: JSONSchemaProps): readonly string[] {
  if (typeof additionalProperties === 'object' && additionalProperties.nullable) return [];
  return required.filter((name) => !properties[name]?.nullable);
}

function withTypeMeta(
  schema: JSONSchemaProps,
  converted: Record<string, unknown>,
  options: CustomSchemaOptions,
): SchemaObject {
  if (!schema['x-kubernetes-embedded-resource']) return converted;
  const properties = {
    ...(converted['properties'] as object | undefined),
    ...typeProperties(),
    metadata: metadataReference(options),
  };
  const required = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])];
  return { ...converted, properties, required };
}

function mapValues<T, R>(map: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
}

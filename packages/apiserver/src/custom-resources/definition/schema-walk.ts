import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

/** A schema and all schemas inside of it, outermost first. */
export function* everySchema(schema: JSONSchemaProps | undefined): Iterable<JSONSchemaProps> {
  if (!schema) return;
  yield schema;
  for (const child of childSchemas(schema)) yield* everySchema(child);
}

const NONE = {};

/** Definitions may have thousands of schemas: most have no children. */
function childSchemas(schema: JSONSchemaProps): readonly JSONSchemaProps[] {
  const { items, not, additionalProperties, additionalItems, dependencies } = schema;
  const children: JSONSchemaProps[] = [];
  if (items) children.push(...([items].flat() as JSONSchemaProps[]));
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) if (list) children.push(...list);
  if (not) children.push(not);
  for (const map of [schema.properties, schema.patternProperties, schema.definitions]) {
    if (map) children.push(...Object.values(map));
  }
  if (typeof additionalProperties === 'object') children.push(additionalProperties);
  if (typeof additionalItems === 'object') children.push(additionalItems);
  for (const one of Object.values((dependencies ?? NONE) as Record<string, unknown>)) {
    if (one && !Array.isArray(one)) children.push(one as JSONSchemaProps);
  }
  return children;
}

export function someSchema(schema: JSONSchemaProps | undefined, is: (schema: JSONSchemaProps) => boolean): boolean {
  return schema !== undefined && (is(schema) || childSchemas(schema).some((child) => someSchema(child, is)));
}

/** Whether the type is one that values may have. */
export function isKnownType(type: string): boolean {
  return KNOWN_TYPES.includes(type);
}

export const KNOWN_TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

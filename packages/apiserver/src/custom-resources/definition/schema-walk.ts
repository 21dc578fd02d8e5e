import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

/** A schema and all schemas inside of it, outermost first. */
export function* everySchema(schema: JSONSchemaProps | undefined): Iterable<JSONSchemaProps> {
  if (!schema) return;
  yield schema;
  for (const child of childSchemas(schema)) yield* everySchema(child);
}

function* childSchemas(schema: JSONSchemaProps): Iterable<JSONSchemaProps> {
  yield* [schema.items ?? []].flat() as JSONSchemaProps[];
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) yield* list ?? [];
  if (schema.not) yield schema.not;
  yield* Object.values(schema.properties ?? {});
  if (typeof schema.additionalProperties === 'object') yield schema.additionalProperties;
  yield* Object.values(schema.patternProperties ?? {});
  if (typeof schema.additionalItems === 'object') yield schema.additionalItems;
  yield* Object.values(schema.definitions ?? {});
  const dependencies: Record<string, unknown> = schema.dependencies ?? {};
  for (const one of Object.values(dependencies)) {
    if (one && !Array.isArray(one)) yield one as JSONSchemaProps;
  }
}

export function someSchema(schema: JSONSchemaProps | undefined, is: (schema: JSONSchemaProps) => boolean): boolean {
  for (const one of everySchema(schema)) if (is(one)) return true;
  return false;
}

/** Whether the type is one that values may have. */
export function isKnownType(type: string): boolean {
  return KNOWN_TYPES.includes(type);
}

export const KNOWN_TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

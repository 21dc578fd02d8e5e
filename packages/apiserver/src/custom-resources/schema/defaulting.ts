/**
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go (v1.36)
 */
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { cloneJson } from '../../registry/object-draft.ts';
import { isObject, itemSchema } from './correlation.ts';
import { hasDefault } from './prune.ts';

/**
 * Fills in the defaults of a schema, also inside of what a default brought in, and in place of nulls that may not be.
 * Changes `value` in place.
 */
export function applyDefaults(schema: JSONSchemaProps | undefined, value: unknown): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    if (!items) return;
    value.forEach((item, index) => {
      if (item === null && !items.nullable) value[index] = cloneJson(items.default ?? null);
      applyDefaults(items, value[index]);
    });
  } else if (isObject(value)) {
    defaultMembers(schema, value as Record<string, unknown>);
  }
}

function defaultMembers(
  { properties = {}, additionalProperties }: JSONSchemaProps,
  fields: Record<string, unknown>,
): void {
  for (const name in properties) {
    const property = properties[name]!;
    const missing = fields[name] === undefined || (fields[name] === null && !property.nullable);
    if (missing && hasDefault(property)) fields[name] = cloneJson(property.default);
  }
  for (const name of Object.keys(fields)) {
    if (Object.hasOwn(properties, name)) applyDefaults(properties[name], fields[name]);
    else if (typeof additionalProperties === 'object') {
      if (fields[name] === null && !additionalProperties.nullable) {
        fields[name] = cloneJson(additionalProperties.default ?? null);
      }
      applyDefaults(additionalProperties, fields[name]);
    }
  }
}

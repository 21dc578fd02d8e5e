import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { cloneJson } from '../registry/object-draft.ts';

/**
 * Fills in the defaults of a schema, also inside of what a default brought in. Changes `value` in place.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go (v1.36)
 */
export function applyDefaults(props: JSONSchemaProps, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const { items } = props;
    if (items && !Array.isArray(items)) for (const item of value) applyDefaults(items as JSONSchemaProps, item);
    return;
  }
  const fields = value as Record<string, unknown>;
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    const missing = fields[name] === undefined || (fields[name] === null && !property.nullable);
    if (missing && property.default !== undefined) fields[name] = cloneJson(property.default);
    applyDefaults(property, fields[name]);
  }
  const { additionalProperties } = props;
  if (typeof additionalProperties !== 'object') return;
  for (const name of Object.keys(fields)) {
    if (!(name in (props.properties ?? {}))) applyDefaults(additionalProperties, fields[name]);
  }
}

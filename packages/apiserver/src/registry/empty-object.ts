import { apiVersionOf, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

/** An object that has nothing but its type and some metadata. */
export function emptyObject(definition: ResourceDefinition, metadata: Partial<KubeObject['metadata']>): KubeObject {
  const object: Record<string, unknown> = { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata };
  for (const [name, field] of definition.schema.fields) {
    if (name in object || field.omitempty) continue;
    if (field.schema.type === 'object' && !field.pointer) object[name] = {};
  }
  return object as unknown as KubeObject;
}

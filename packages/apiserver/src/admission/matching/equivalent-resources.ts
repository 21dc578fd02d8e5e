/**
 * Other names of what a request is about: the same stored objects in other versions and groups.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/runtime/mapper.go, with storage as identity as
 * pkg/controlplane/apiserver/config.go sets it up (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';

/** Without the definition itself, in the catalog's order. */
export function equivalentResources(
  all: Iterable<ResourceDefinition>,
  definition: ResourceDefinition,
  subresource: string,
): readonly ResourceDefinition[] {
  if (definition.storagePrefix === '') return [];
  const found: ResourceDefinition[] = [];
  for (const other of all) {
    if (other.storagePrefix !== definition.storagePrefix || isSame(other, definition)) continue;
    if (subresource === '' || other.subresources.some(({ name }) => name === subresource)) found.push(other);
  }
  return found;
}

function isSame(a: ResourceDefinition, b: ResourceDefinition): boolean {
  return a.group === b.group && a.version === b.version && a.plural === b.plural;
}

import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

/** An object of one version of a resource in another version of it. */
export function convertObject(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition): KubeObject {
  if (from.group === to.group && from.version === to.version) return object;
  const stored = from.conversion ? from.conversion.toStorage(object) : object;
  return to.conversion ? to.conversion.fromStorage(stored) : stored;
}

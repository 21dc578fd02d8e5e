import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

/** An object of one version of a resource in another version of it; a webhook may have to be asked. */
export function convertObject(
  object: KubeObject,
  from: ResourceDefinition,
  to: ResourceDefinition,
): KubeObject | Promise<KubeObject> {
  if (from.group === to.group && from.version === to.version) return object;
  if (!from.conversion?.asked && !to.conversion?.asked) {
    const stored = from.conversion?.toStorage(object) ?? object;
    return to.conversion?.fromStorage(stored) ?? stored;
  }
  return convertByAsking(object, from, to);
}

async function convertByAsking(
  object: KubeObject,
  from: ResourceDefinition,
  to: ResourceDefinition,
): Promise<KubeObject> {
  const there = from.conversion?.asked ?? from.conversion;
  const stored = there ? await there.toStorage(object) : object;
  return fromStorage(stored, to);
}

/** A stored object as `definition` has it. */
export async function fromStorage(stored: KubeObject, { conversion }: ResourceDefinition): Promise<KubeObject> {
  if (!conversion) return stored;
  if (!conversion.asked) return conversion.fromStorage(stored);
  const [object] = await conversion.asked.fromStorage([stored]);
  return object!;
}

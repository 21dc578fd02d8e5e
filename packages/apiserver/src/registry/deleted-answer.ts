import type { ResourceDefinition } from '@kts/api';

const RETURN_DELETED = new Set([
  'resourceclaimtemplates',
  'resourceslices',
  'resourceclaims',
  'deviceclasses',
  'csidrivers',
  'storageclasses',
  'volumeattachments',
  'csinodes',
  'volumeattributesclasses',
  'resourcequotas',
  'persistentvolumes',
  'serviceaccounts',
  'persistentvolumeclaims',
  'pods',
  'services/specs',
  'podtemplates',
]);

/** Whether deletions of the kind are answered with the object, and not with a Status. */
export function returnsDeleted(definition: ResourceDefinition): boolean {
  return RETURN_DELETED.has(definition.storagePrefix);
}

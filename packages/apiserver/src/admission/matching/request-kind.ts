import type { GroupVersionKind } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import type { AdmissionAttributes } from '../admission.ts';

/** The kind of the object that a request carries: that of the resource, or what a subresource takes. */
export function kindOf({
  definition,
  subresource,
}: Pick<AdmissionAttributes, 'definition' | 'subresource'>): GroupVersionKind {
  const source =
    subresource === '' ? definition : (definition.subresources.find(({ name }) => name === subresource) ?? definition);
  const { group, version, kind } = source;
  return { group, version, kind };
}

/** The resource as requests name it. */
export function resourceNameOf({ group, version, plural }: ResourceDefinition): {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
} {
  return { group, version, resource: plural };
}

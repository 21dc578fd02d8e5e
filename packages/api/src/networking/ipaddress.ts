import { FieldPath, isDNS1123Subdomain, isPathSegmentName, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, invalidEach } from '../field-checks.ts';
import type { IPAddress } from '../gen/networking-v1.gen.ts';
import { age } from '../human-duration.ts';
import { ipErrors } from '../ip-address.ts';

const PARENT = FieldPath.of('spec', 'parentRef');

/**
 * An address of a service, taken: two objects cannot have one name.
 *
 * Mirrors: pkg/registry/networking/ipaddress, pkg/apis/networking/validation (v1.36)
 */
export const ipAddresses = defineResource<IPAddress>('networking.k8s.io/v1', 'ipaddresses', {
  generation: 'none',
  validateName: ipErrors,
  validate: validateParent,
  validateUpdate: (ipAddress, old) => [
    ...validateParent(ipAddress),
    ...checkImmutable(ipAddress.spec.parentRef, old.spec.parentRef, PARENT, 'networking.v1.ParentReference'),
  ],
  cells: ({ metadata, spec: { parentRef: parent } }, now) => {
    const resource = parent.group ? `${parent.resource}.${parent.group}` : parent.resource;
    const names = [resource.toLowerCase(), parent.namespace, parent.name].filter(Boolean);
    return [metadata.name, names.join('/'), age(metadata.creationTimestamp, now)];
  },
});

function validateParent({ spec }: IPAddress): FieldError[] {
  const parent: Partial<IPAddress['spec']['parentRef']> | null | undefined = spec?.parentRef;
  if (!parent) return [required(PARENT)];
  const { group, resource, name, namespace } = parent;
  return [
    ...(group ? invalidEach(PARENT.child('group'), group, isDNS1123Subdomain(group)) : []),
    ...(resource
      ? invalidEach(PARENT.child('resource'), resource, isPathSegmentName(resource))
      : [required(PARENT.child('resource'))]),
    ...(name ? invalidEach(PARENT.child('name'), name, isPathSegmentName(name)) : [required(PARENT.child('name'))]),
    ...(namespace ? invalidEach(PARENT.child('namespace'), namespace, isPathSegmentName(namespace)) : []),
  ];
}

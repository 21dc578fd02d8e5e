import { FieldPath, invalid, nameIsDNSSubdomain, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegativeQuantity, IMMUTABLE, invalidEach, sameValue } from '../field-checks.ts';
import type { CSIStorageCapacity } from '../gen/storage-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';

const CLASS = FieldPath.of('storageClassName');
const TOPOLOGY = FieldPath.of('nodeTopology');

/**
 * How much a driver can provide for some class on some nodes.
 *
 * Mirrors: pkg/registry/storage/csistoragecapacity, pkg/apis/storage/validation (v1.36)
 */
export const csiStorageCapacities = defineResource<CSIStorageCapacity>('storage.k8s.io/v1', 'csistoragecapacities', {
  generation: 'none',
  requireResourceVersionOnUpdate: true,
  validate: validateCapacity,
  validateUpdate: ({ nodeTopology, storageClassName }, old) => [
    ...(sameValue(nodeTopology, old.nodeTopology) ? [] : [invalid(TOPOLOGY, nodeTopology, IMMUTABLE)]),
    ...checkImmutable(storageClassName, old.storageClassName, CLASS),
  ],
});

function validateCapacity({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): FieldError[] {
  return [
    ...validateLabelSelector(nodeTopology, TOPOLOGY),
    ...invalidEach(CLASS, storageClassName, nameIsDNSSubdomain(storageClassName, false)),
    ...(capacity === undefined ? [] : checkNonNegativeQuantity(capacity, FieldPath.of('capacity'))),
  ];
}

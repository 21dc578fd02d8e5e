import { FieldPath, nameIsDNSSubdomain, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, checkNonNegativeQuantity, invalidEach } from '../field-checks.ts';
import type { CSIStorageCapacity } from '../gen/storage-v1.gen.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';

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
  validate: (capacity) => validateCapacity(capacity, false),
  validateUpdate: (capacity, old) => [
    ...validateCapacity(capacity, hasInvalidLabelValue(old.nodeTopology)),
    ...checkImmutable(capacity.nodeTopology, old.nodeTopology, TOPOLOGY),
    ...checkImmutable(capacity.storageClassName, old.storageClassName, CLASS),
  ],
});

function validateCapacity(
  { nodeTopology, storageClassName, capacity }: CSIStorageCapacity,
  allowInvalidValues: boolean,
): FieldError[] {
  return [
    ...validateLabelSelector(nodeTopology, TOPOLOGY, { allowInvalidValues }),
    ...invalidEach(CLASS, storageClassName, nameIsDNSSubdomain(storageClassName, false)),
    ...(capacity === undefined ? [] : checkNonNegativeQuantity(capacity, FieldPath.of('capacity'))),
  ];
}

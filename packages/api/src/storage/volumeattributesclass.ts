import { FieldPath, forbidden, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { sameValue } from '../field-checks.ts';
import type { VolumeAttributesClass } from '../gen/storage-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateParameters, validateProvisioner } from './driver-validation.ts';

const DRIVER = FieldPath.of('driverName');
const PARAMETERS = FieldPath.of('parameters');

/**
 * Attributes of volumes that can change while the volume exists.
 *
 * Mirrors: pkg/registry/storage/volumeattributesclass, pkg/apis/storage/validation (v1.36)
 */
export const volumeAttributesClasses = defineResource<VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'volumeattributesclasses',
  {
    generation: 'none',
    validate: validateClass,
    validateUpdate: (attributes, old) => [
      ...(attributes.driverName === old.driverName ? [] : [forbidden(DRIVER, 'updates to driverName are forbidden.')]),
      ...(sameValue(attributes.parameters, old.parameters)
        ? []
        : [forbidden(PARAMETERS, 'updates to parameters are forbidden.')]),
      ...validateClass(attributes),
    ],
    cells: ({ metadata, driverName }, now) => [metadata.name, driverName, age(metadata.creationTimestamp, now)],
  },
);

function validateClass({ driverName, parameters }: VolumeAttributesClass): FieldError[] {
  return [
    ...validateProvisioner(driverName, DRIVER),
    ...validateParameters(parameters, PARAMETERS, { mayBeEmpty: false }),
  ];
}

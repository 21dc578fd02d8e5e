import { duplicate, FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { asSent, checkQualifiedName, checkSupported, IMMUTABLE, sameValue } from '../field-checks.ts';
import type { TopologySelectorTerm } from '../gen/core-v1.gen.ts';
import type { StorageClass } from '../gen/storage-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateParameters, validateProvisioner } from './driver-validation.ts';
import { deprecatedNodeLabel } from '../core/node-label-warnings.ts';

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const IMMUTABLE_FIELDS = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

/**
 * A way of providing volumes.
 *
 * Mirrors: pkg/registry/storage/storageclass, pkg/apis/storage/{v1,validation} (v1.36)
 */
export const storageClasses = defineResource<StorageClass>('storage.k8s.io/v1', 'storageclasses', {
  generation: 'none',
  setDefaults: (storageClass) => {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  validate: validateStorageClass,
  validateUpdate: (storageClass, old) => [
    ...validateStorageClass(storageClass),
    ...IMMUTABLE_FIELDS.filter((field) => !sameValue(storageClass[field], old[field])).map((field) =>
      invalid(FieldPath.of(field), asSent(storageClass, field, {}), IMMUTABLE),
    ),
  ],
  warnings: ({ allowedTopologies }) =>
    (allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, index) =>
      (matchLabelExpressions ?? []).flatMap(({ key }, i) => {
        const message = deprecatedNodeLabel(key);
        const at = FieldPath.of('allowedTopologies').index(index).child('matchLabelExpressions').index(i).child('key');
        return message === undefined ? [] : [`${at.toString()}: ${message}`];
      }),
    ),
  cells: ({ metadata, ...storageClass }, now) => [
    DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === 'true')
      ? `${metadata.name} (default)`
      : metadata.name,
    storageClass.provisioner,
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    age(metadata.creationTimestamp, now),
  ],
});

function validateStorageClass(storageClass: StorageClass): FieldError[] {
  const { allowedTopologies = [], parameters, provisioner, reclaimPolicy, volumeBindingMode } = storageClass;
  const path = FieldPath.of('allowedTopologies');
  // Upstream compares with one empty term for each term, too: so an empty term is a duplicate.
  const none = allowedTopologies.map(() => ({}));
  return [
    ...validateProvisioner(provisioner, FieldPath.of('provisioner')),
    ...validateParameters(parameters, FieldPath.of('parameters')),
    ...(reclaimPolicy ? checkSupported(reclaimPolicy, RECLAIM_POLICIES, FieldPath.of('reclaimPolicy')) : []),
    ...checkSupported(volumeBindingMode, BINDING_MODES, FieldPath.of('volumeBindingMode')),
    ...allowedTopologies.flatMap((term, index) => [
      ...validateTopology(term, path.index(index)),
      ...[...none, ...allowedTopologies.slice(0, index).map(labelsOf)]
        .filter((earlier) => sameValue(earlier, labelsOf(term)))
        .map(() => duplicate(path.index(index).child('matchLabelExpressions'), '')),
    ]),
  ];
}

function validateTopology({ matchLabelExpressions = [] }: TopologySelectorTerm, path: FieldPath): FieldError[] {
  const keys = new Set<string>();
  return matchLabelExpressions.flatMap(({ key, values: listed }, index) => {
    const at = path.child('matchLabelExpressions').index(index);
    const values = listed ?? [];
    const errors = values.length > 0 ? [] : [required(at.child('values'))];
    for (const [i, value] of values.entries()) {
      if (values.indexOf(value) < i) errors.push(duplicate(at.child('values').index(i), value));
    }
    errors.push(...checkQualifiedName(key, at.child('key')));
    if (keys.has(key)) errors.push(duplicate(at.child('key'), key));
    keys.add(key);
    return errors;
  });
}

const labelsOf = ({ matchLabelExpressions = [] }: TopologySelectorTerm): Record<string, string[]> =>
  Object.fromEntries(matchLabelExpressions.map(({ key, values }) => [key, [...new Set(values)].toSorted()]));

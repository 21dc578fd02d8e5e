import {
  FieldPath,
  forbidden,
  formatQuantity,
  invalid,
  isLabelValue,
  parseQuantity,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, IMMUTABLE, sameValue } from '../field-checks.ts';
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
} from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { accessModesText, volumeClassOf } from './access-modes.ts';
import { validateVolumeSpec, VOLUME_SOURCES } from './persistentvolume-validation.ts';
import { volumeWarnings } from './persistentvolume-warnings.ts';
import { setStorageDefaults } from './pod-defaults.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import { internalDiff, internalForm } from '../internal-form.ts';

const SPEC = FieldPath.of('spec');
const GA_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';
const MOUNTED_WITH_OPTIONS = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];

/**
 * A piece of storage of the cluster.
 *
 * Mirrors: pkg/registry/core/persistentvolume, ValidatePersistentVolume... in pkg/apis/core/validation (v1.36)
 */
export const persistentVolumes = defineResource<PersistentVolume>('v1', 'persistentvolumes', {
  generation: 'none',
  setDefaults: setVolumeDefaults,
  prepareForCreate: (draft, { now }) => {
    draft.status = { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) };
  },
  prepareForUpdate: (draft, old, { subresource, now }) => {
    if (subresource !== 'status' || !draft.status) return;
    const before = old.status?.lastPhaseTransitionTime;
    if (draft.status.phase === old.status?.phase) {
      if (before) draft.status.lastPhaseTransitionTime ??= before;
      return;
    }
    if (draft.status.lastPhaseTransitionTime !== before && draft.status.lastPhaseTransitionTime) return;
    draft.status.lastPhaseTransitionTime = formatTime(now);
  },
  validate: (volume) => [
    ...validateVolumeSpec(volume.spec, volume.metadata.name, SPEC),
    ...validateMountOptions(volume),
  ],
  validateStatusUpdate: ({ metadata }) => (metadata.resourceVersion ? [] : [required(FieldPath.of('resourceVersion'))]),
  validateUpdate: validateVolumeUpdate,
  warnings: volumeWarnings,
  selectableFields: ({ metadata }) => ({ name: metadata.name }),
  cells: (volume, now) => [
    volume.metadata.name,
    amountText(volume.spec?.capacity?.['storage']),
    accessModesText(volume.spec?.accessModes),
    volume.spec?.persistentVolumeReclaimPolicy ?? '',
    volume.metadata.deletionTimestamp ? 'Terminating' : (volume.status?.phase ?? ''),
    volume.spec?.claimRef ? `${volume.spec.claimRef.namespace ?? ''}/${volume.spec.claimRef.name ?? ''}` : '',
    volumeClassOf(volume),
    volume.spec?.volumeAttributesClassName ?? '<unset>',
    volume.status?.reason ?? '',
    age(volume.metadata.creationTimestamp, now),
    volume.spec?.volumeMode ?? '<unset>',
  ],
});

const amountText = (amount: string | undefined): string => formatQuantity(parseQuantity(amount ?? '0'));

function setVolumeDefaults(volume: Draft<PersistentVolume>): void {
  const spec = (volume.spec ??= {});
  if (volume.status && !volume.status.phase) volume.status.phase = 'Pending';
  if (!spec.persistentVolumeReclaimPolicy) spec.persistentVolumeReclaimPolicy = 'Retain';
  spec.volumeMode ??= 'Filesystem';
  if (spec.hostPath) spec.hostPath.type ??= '';
  setStorageDefaults(spec as Parameters<typeof setStorageDefaults>[0]);
  roundUpAmounts(spec.capacity);
}

/** Only some kinds of storage are mounted with options; the annotation is older than the field. */
function validateMountOptions({ metadata, spec }: PersistentVolume): FieldError[] {
  if (MOUNTED_WITH_OPTIONS.some((source) => spec[source]) || !(MOUNT_OPTIONS in (metadata.annotations ?? {})))
    return [];
  const text = 'may not specify mount options for this volume type';
  return [forbidden(FieldPath.of('metadata', 'annotations', MOUNT_OPTIONS), text)];
}

function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const { metadata, spec } = volume;
  const { spec: before } = old;
  const rules = { allowInvalidNodeAffinityValues: hasInvalidAffinity(before.nodeAffinity) };
  const found = validateVolumeSpec(spec, metadata.name, SPEC, rules);
  // Once as any volume, once more as a changed one.
  const errors = [
    ...found,
    ...validateMountOptions(volume),
    ...validateObjectMeta(metadata, { namespaced: false }),
    ...found,
  ];
  const sources = withoutAddedSecret(spec, before);
  if (VOLUME_SOURCES.some((source) => !sameValue(sources[source], before[source]))) {
    const path = SPEC.child('persistentvolumesource');
    const difference = internalDiff('core.v1.PersistentVolumeSource', before, sources);
    errors.push(forbidden(path, `spec.persistentvolumesource is immutable after creation\n${difference}`));
  }
  errors.push(...checkImmutable(spec.volumeMode, before.volumeMode, FieldPath.of('volumeMode')));
  if (before.nodeAffinity && !sameAffinity(spec.nodeAffinity, before.nodeAffinity)) {
    const text = `${IMMUTABLE}, except for updating from beta label to GA`;
    const internal = spec.nodeAffinity ? internalForm('core.v1.VolumeNodeAffinity', spec.nodeAffinity) : null;
    errors.push(invalid(FieldPath.of('nodeAffinity'), internal, text));
  }
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    const text = 'update from non-nil value to nil is forbidden';
    errors.push(forbidden(SPEC.child('volumeAttributesClassName'), text));
  }
  return errors;
}

type Spec = NonNullable<PersistentVolume['spec']>;

/** The secret for expansion may be added later. */
function withoutAddedSecret(spec: Spec, old: Spec): Spec {
  if (!spec.csi || !old.csi || old.csi.controllerExpandSecretRef) return spec;
  const { controllerExpandSecretRef: _added, ...csi } = spec.csi;
  return { ...spec, csi };
}

function hasInvalidAffinity(affinity: VolumeNodeAffinity | undefined): boolean {
  return (affinity?.required?.nodeSelectorTerms ?? []).some((term) =>
    term.matchExpressions?.some(({ values }) => values?.some((value) => isLabelValue(value).length > 0)),
  );
}

/** A beta label may become the one that took its place. */
function sameAffinity(affinity: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): boolean {
  const requirements = (value: VolumeNodeAffinity | undefined): NodeSelectorRequirement[][] =>
    (value?.required?.nodeSelectorTerms ?? []).map((term) => [
      ...(term.matchExpressions ?? []),
      ...(term.matchFields ?? []),
    ]);
  const after = requirements(affinity);
  const before = requirements(old);
  return (
    after.length === before.length &&
    after.every(
      (term, i) =>
        term.length === before[i]!.length &&
        term.every((requirement, j) => {
          const previous = before[i]![j]!;
          const key = (GA_LABELS[previous.key] ?? '') === requirement.key ? requirement.key : previous.key;
          return sameValue(requirement, { ...previous, key });
        }),
    )
  );
}

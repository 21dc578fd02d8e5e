import {
  carrySentEmpty,
  FieldPath,
  forbidden,
  invalid,
  isQualifiedName,
  notSupported,
  quantityCompare,
  quantityToNumber,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { checkImmutable, IMMUTABLE, invalidEach, sameValue } from '../field-checks.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { accessModesText, volumeClassOf } from './access-modes.ts';
import { claimRulesFor, validateClaimSpec } from './persistentvolumeclaim-validation.ts';
import { setClaimSpecDefaults } from './pod-defaults.ts';
import { roundUpAmounts } from './resource-defaults.ts';
import { fractionWarnings } from './pod-warnings.ts';
import { isNativeResource } from './resource-list.ts';
import { internalDiff } from '../internal-form.ts';

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const BETA_CLASS_ADVICE = 'deprecated since v1.8; use "storageClassName" attribute instead';
const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/**
 * A request for storage.
 *
 * Mirrors: pkg/registry/core/persistentvolumeclaim, ValidatePersistentVolumeClaim... (v1.36)
 */
export const persistentVolumeClaims = defineResource<PersistentVolumeClaim>('v1', 'persistentvolumeclaims', {
  generation: 'none',
  writesFirstUpdate: true,
  setDefaults: (claim) => {
    const spec = (claim.spec ??= {});
    setClaimSpecDefaults(spec);
    if (claim.status && !claim.status.phase) claim.status.phase = 'Pending';
    roundUpAmounts(claim.status?.capacity);
    roundUpAmounts(claim.status?.allocatedResources);
  },
  prepareForCreate: (claim) => {
    claim.status = { phase: 'Pending' };
    if (claim.spec) normalizeDataSources(claim.spec);
  },
  prepareForUpdate: (claim, old, { subresource }) => {
    if (subresource === '' && claim.spec) normalizeDataSources(claim.spec, old.spec);
  },
  validate: ({ spec }) => validateClaimSpec(spec, SPEC),
  validateUpdate: validateClaimUpdate,
  validateStatusUpdate: validateClaimStatus,
  warnings: ({ metadata, spec }) => [
    ...(metadata.annotations && BETA_CLASS in metadata.annotations
      ? [`metadata.annotations[${BETA_CLASS}]: ${BETA_CLASS_ADVICE}`]
      : []),
    ...fractionWarnings(spec?.resources?.requests, ['storage'], SPEC.child('resources', 'requests')),
    ...fractionWarnings(spec?.resources?.limits, ['storage'], SPEC.child('resources', 'limits')),
  ],
  selectableFields: ({ metadata }) => ({ name: metadata.name }),
  cells: (claim, now) => [
    claim.metadata.name,
    claim.metadata.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? ''),
    claim.spec?.volumeName ?? '',
    claim.spec?.volumeName ? (claim.status?.capacity?.['storage'] ?? '0') : '',
    claim.spec?.volumeName ? accessModesText(claim.status?.accessModes) : '',
    volumeClassOf(claim),
    claim.spec?.volumeAttributesClassName ?? '<unset>',
    age(claim.metadata.creationTimestamp, now),
    claim.spec?.volumeMode ?? '<unset>',
  ],
});

/**
 * Each of the two fields fills the other. Other namespaces cannot be named yet, and clients that know only `dataSource`
 * are used to anything but claims and snapshots being ignored there.
 */
function normalizeDataSources(spec: Draft<PersistentVolumeClaimSpec>, old?: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) {
    if (old?.dataSource || isClaimOrSnapshot(dataSource)) spec.dataSourceRef = { ...dataSource };
    else delete spec.dataSource;
  } else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    spec.dataSource = { ...dataSourceRef };
  }
}

function isClaimOrSnapshot({ apiGroup, kind }: { apiGroup?: string; kind?: string }): boolean {
  if (kind === 'PersistentVolumeClaim') return !apiGroup;
  return kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';
}

function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const { metadata, spec } = claim;
  const { spec: before } = old;
  const errors = [
    ...validateObjectMeta(metadata, { namespaced: true }),
    ...validateClaimSpec(spec, SPEC, claimRulesFor(before)),
  ];
  const oldClass = old.metadata.annotations?.[CLASS_ANNOTATION];
  const newClass = metadata.annotations?.[CLASS_ANNOTATION];
  const movesFromAnnotation =
    oldClass !== undefined &&
    before.storageClassName === undefined &&
    spec.storageClassName === oldClass &&
    (newClass === undefined || newClass === oldClass);
  if (!movesFromAnnotation && oldClass !== newClass) {
    errors.push(invalid(FieldPath.of('metadata', 'annotations', CLASS_ANNOTATION), newClass ?? '', IMMUTABLE));
  }
  const setsClass = before.storageClassName === undefined && (!oldClass || spec.storageClassName === oldClass);
  const sameClass = movesFromAnnotation || setsClass ? before.storageClassName : spec.storageClassName;
  const rest = withAllowedChanges(spec, before, claim.status?.phase === 'Bound', sameClass);
  const bound = before.volumeName || !spec.volumeName ? before : { ...before, volumeName: spec.volumeName };
  if (!sameClaim(rest, bound)) {
    const exceptions = 'resources.requests and volumeAttributesClassName for bound claims';
    const shown = carrySentEmpty(spec, rest);
    const difference = internalDiff('core.v1.PersistentVolumeClaimSpec', bound, shown);
    errors.push(forbidden(SPEC, `spec is immutable after creation except ${exceptions}\n${difference}`));
  }
  const size = spec.resources?.requests?.['storage'] ?? '0';
  const oldSize = before.resources?.requests?.['storage'] ?? '0';
  const statusSize = old.status?.capacity?.['storage'] ?? '0';
  if (quantityCompare(size, oldSize) < 0 && quantityCompare(size, statusSize) <= 0) {
    const path = SPEC.child('resources', 'requests', 'storage');
    errors.push(forbidden(path, 'field can not be less than status.capacity'));
  }
  errors.push(...checkImmutable(spec.volumeMode, before.volumeMode, FieldPath.of('volumeMode')));
  return [...errors, ...validateAttributesChange(spec, old)];
}

/** The volume may be bound once; bound claims may grow and change their class of attributes. */
function withAllowedChanges(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
  bound: boolean,
  sameClass: PersistentVolumeClaimSpec['storageClassName'],
): PersistentVolumeClaimSpec {
  const requests = spec.resources?.requests;
  const resized = { ...requests, storage: old.resources?.requests?.['storage'] ?? '0' };
  return {
    ...spec,
    storageClassName: sameClass!,
    ...(bound && requests ? { resources: { ...spec.resources, requests: resized } } : {}),
    ...(bound ? { volumeAttributesClassName: old.volumeAttributesClassName! } : {}),
  };
}

function sameClaim(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec): boolean {
  const keys = new Set([...Object.keys(spec), ...Object.keys(old)]) as Set<keyof PersistentVolumeClaimSpec>;
  return [...keys].every((key) => sameValue(spec[key], old[key]));
}

function validateAttributesChange(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaim): FieldError[] {
  const { volumeAttributesClassName: name } = spec;
  if (name === old.spec?.volumeAttributesClassName) return [];
  if (old.status?.currentVolumeAttributesClassName === undefined || name) return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const text = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden(SPEC.child('volumeAttributesClassName'), text)];
}

function validateClaimStatus({ metadata, spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  if (!metadata.resourceVersion) errors.push(required(FieldPath.of('resourceVersion')));
  if (!spec?.accessModes?.length) errors.push(required(FieldPath.of('Spec', 'accessModes')));
  errors.push(...validateAmounts(status.capacity, STATUS.child('capacity')));
  const states = STATUS.child('allocatedResourceStatuses');
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    errors.push(...checkClaimResource(name, states));
    if (!RESIZE_STATES.includes(state)) errors.push(notSupported(states, name, RESIZE_STATES));
  }
  const allocated = STATUS.child('allocatedResources');
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const complaints = checkClaimResource(name, allocated);
    errors.push(...(complaints.length > 0 ? complaints : validateAmounts({ [name]: amount }, allocated)));
  }
  return errors;
}

function validateAmounts(amounts: Readonly<Record<string, string>> = {}, path: FieldPath): FieldError[] {
  return Object.entries(amounts)
    .filter(([, amount]) => quantityCompare(amount, '0') < 0)
    .map(([name, amount]) => invalid(path.key(name), quantityToNumber(amount), 'must be a valid resource quantity'));
}

function checkClaimResource(name: string, path: FieldPath): FieldError[] {
  const errors = invalidEach(path, name, isQualifiedName(name));
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors;
  return [notSupported(path, name, ['storage'])];
}

/**
 * What a claim, or the template of one, may ask for.
 *
 * Mirrors: ValidatePersistentVolumeClaimSpec in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isDNS1123Subdomain,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkPositiveQuantity, checkSupported, invalidEach } from '../field-checks.ts';
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../gen/core-v1.gen.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';
import { validateResourceAmount } from './resource-validation.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

export interface ClaimRules {
  readonly allowInvalidSelectorValues: boolean;
  readonly allowInvalidDataSourceGroup: boolean;
}

const NEW_CLAIM: ClaimRules = { allowInvalidSelectorValues: false, allowInvalidDataSourceGroup: false };

/** What a stored claim may keep. */
export const claimRulesFor = (old: PersistentVolumeClaimSpec): ClaimRules => ({
  allowInvalidSelectorValues: hasInvalidLabelValue(old.selector),
  allowInvalidDataSourceGroup: old.dataSource?.apiGroup !== undefined || old.dataSourceRef?.apiGroup !== undefined,
});

export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  path: FieldPath,
  rules: ClaimRules = NEW_CLAIM,
): FieldError[] {
  return [
    ...validateAccessModes(spec.accessModes, path.child('accessModes')),
    ...validateLabelSelector(spec.selector, path.child('selector'), {
      allowInvalidValues: rules.allowInvalidSelectorValues,
    }),
    ...refuseMixedModes(spec.accessModes, path.child('accessModes')),
    ...validateStorageRequest(spec, path.child('resources').key('storage')),
    ...checkClass(spec.storageClassName, path.child('storageClassName')),
    ...(spec.volumeMode === undefined ? [] : checkSupported(spec.volumeMode, VOLUME_MODES, path.child('volumeMode'))),
    ...validateDataSources(spec, path, rules),
    ...checkClass(spec.volumeAttributesClassName, path.child('volumeAttributesClassName')),
  ];
}

function validateAccessModes(modes: readonly string[] | undefined, path: FieldPath): FieldError[] {
  return modes?.length ? [] : [required(path, 'at least 1 access mode is required')];
}

export function refuseMixedModes(modes: readonly string[] = [], path: FieldPath): FieldError[] {
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(path, mode, ACCESS_MODES));
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

function validateStorageRequest(spec: PersistentVolumeClaimSpec, path: FieldPath): FieldError[] {
  const storage = spec.resources?.requests?.['storage'];
  if (storage === undefined) return [required(path)];
  const errors = checkPositiveQuantity(storage, path);
  return errors.length > 0 ? errors : validateResourceAmount('storage', storage, path);
}

function checkClass(name: string | undefined, path: FieldPath): FieldError[] {
  return name ? invalidEach(path, name, nameIsDNSSubdomain(name, false)) : [];
}

function validateDataSources(spec: PersistentVolumeClaimSpec, path: FieldPath, rules: ClaimRules): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateDataSource(dataSource, path.child('dataSource'), rules));
  if (dataSourceRef) errors.push(...validateDataSource(dataSourceRef, path.child('dataSourceRef'), rules));
  if (!dataSource || !dataSourceRef) return errors;
  // The value that upstream shows here is a path, which is printed as an empty object.
  if (dataSourceRef.namespace) {
    errors.push(invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if ((['apiGroup', 'kind', 'name'] as const).some((field) => dataSource[field] !== dataSourceRef[field])) {
    errors.push(invalid(path, {}, 'must match dataSourceRef'));
  }
  return errors;
}

function validateDataSource(source: TypedObjectReference, path: FieldPath, rules: ClaimRules): FieldError[] {
  const { apiGroup, kind, name, namespace } = source;
  const errors: FieldError[] = [];
  if (!name) errors.push(required(path.child('name')));
  if (!kind) errors.push(required(path.child('kind')));
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(path, kind, text));
  }
  if (apiGroup && !rules.allowInvalidDataSourceGroup) {
    errors.push(...invalidEach(path.child('apiGroup'), apiGroup, isDNS1123Subdomain(apiGroup)));
  }
  if (namespace) errors.push(...invalidEach(path.child('namespace'), namespace, nameIsDNSLabel(namespace, false)));
  return errors;
}

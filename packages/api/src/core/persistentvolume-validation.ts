/**
 * Storage as persistent volumes, and inline in volume attachments, describe it.
 *
 * Mirrors: ValidatePersistentVolumeSpec in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  nameIsDNSSubdomain,
  notSupported,
  required,
  quantityInt64,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { asSent, checkPositiveQuantity, checkSupported, invalidEach } from '../field-checks.ts';
import type { PersistentVolumeSpec } from '../gen/core-v1.gen.ts';
import { validateNodeSelector } from './affinity-validation.ts';
import { validateNoBacksteps } from './file-path-validation.ts';
import { refuseMixedModes, VOLUME_MODES } from './persistentvolumeclaim-validation.ts';
import * as storage from './storage-source-validation.ts';
import { validateCephFs, validateRbd } from './volume-validation.ts';

const INLINE = 'may not be specified in the context of inline volumes';
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

type Check = (spec: PersistentVolumeSpec, path: FieldPath, name: string) => FieldError[];

/** In upstream's order: of two types in one volume the later one is refused. */
const SOURCES = {
  hostPath: (spec, path) => storage.validateHostPath(spec.hostPath!, path),
  gcePersistentDisk: (spec, path) => storage.validateDisk(spec.gcePersistentDisk!, 'pdName', path),
  awsElasticBlockStore: (spec, path) => storage.validateDisk(spec.awsElasticBlockStore!, 'volumeID', path),
  glusterfs: (spec, path) => storage.validateGlusterfs(spec.glusterfs!, path),
  flocker: (spec, path) => storage.validateFlocker(spec.flocker!, path),
  nfs: (spec, path) => storage.validateNfs(spec.nfs!, path),
  rbd: (spec, path) => validateRbd(spec.rbd!, path),
  quobyte: (spec, path) => storage.validateQuobyte(spec.quobyte!, path),
  cephfs: (spec, path) => validateCephFs(spec.cephfs!, path),
  iscsi: (spec, path, name) => storage.validateIscsi(spec.iscsi!, path, name),
  cinder: (spec, path) => storage.validateCinder(spec.cinder!, path, true),
  fc: (spec, path) => storage.validateFibreChannel(spec.fc!, path),
  flexVolume: (spec, path) => storage.validateFlexVolume(spec.flexVolume!, path),
  azureFile: (spec, path) => storage.validateAzureFile(spec.azureFile!, path),
  vsphereVolume: (spec, path) => storage.requireFields(spec.vsphereVolume!, ['volumePath'], path),
  photonPersistentDisk: (spec, path) => storage.requireFields(spec.photonPersistentDisk!, ['pdID'], path),
  portworxVolume: (spec, path) => storage.requireFields(spec.portworxVolume!, ['volumeID'], path),
  azureDisk: (spec, path) => storage.validateAzureDisk(spec.azureDisk!, path),
  scaleIO: (spec, path) => storage.requireFields(spec.scaleIO!, ['gateway', 'system', 'volumeName'], path),
  local: (spec, path) => validateLocal(spec.local!, path),
  storageos: (spec, path) => storage.validateStorageOs(spec.storageos!, path, true),
  csi: (spec, path) => storage.validateCsiPersistentVolume(spec.csi!, path),
} as const satisfies Partial<Record<keyof PersistentVolumeSpec, Check>>;

export const VOLUME_SOURCES = Object.keys(SOURCES) as (keyof typeof SOURCES)[];

export interface VolumeSpecRules {
  readonly inline?: boolean;
  readonly allowInvalidNodeAffinityValues?: boolean;
}

/** `name` is that of the volume, for a limit of iSCSI. */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  name: string,
  path: FieldPath,
  rules: VolumeSpecRules = {},
): FieldError[] {
  const modes = spec.accessModes ?? [];
  return [
    ...(rules.inline ? refuseInlineFields(spec, path) : []),
    ...(modes.length === 0 ? [required(path.child('accessModes'))] : []),
    ...refuseMixedModes(modes, path.child('accessModes')),
    ...(rules.inline ? [] : validateCapacity(spec, path.child('capacity'))),
    ...validatePolicy(spec, path.child('persistentVolumeReclaimPolicy'), rules),
    ...validateNodeAffinity(spec, path.child('nodeAffinity'), rules),
    ...validateSource(spec, name, path),
    ...validateClasses(spec, path, rules),
  ];
}

function refuseInlineFields(spec: PersistentVolumeSpec, path: FieldPath): FieldError[] {
  return [
    ...(spec.claimRef ? [forbidden(path.child('claimRef'), INLINE)] : []),
    ...(Object.keys(spec.capacity ?? {}).length > 0 ? [forbidden(path.child('capacity'), INLINE)] : []),
    ...(spec.csi ? [] : [required(path.child('csi'), 'has to be specified in the context of inline volumes')]),
  ];
}

function validateCapacity(spec: PersistentVolumeSpec, path: FieldPath): FieldError[] {
  const { capacity = {} } = spec;
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required(path)] : [];
  if (!names.includes('storage') || names.length > 1) {
    errors.push(notSupported(path, asSent(spec, 'capacity', {}), ['storage']));
  }
  for (const [name, amount] of Object.entries(capacity)) {
    const at = path.key(name);
    const units = quantityInt64(amount, 0);
    if (units < 0n) errors.push(invalid(at, units, 'must be a valid resource quantity'));
    errors.push(...checkPositiveQuantity(amount, at));
  }
  return errors;
}

function validatePolicy(
  { persistentVolumeReclaimPolicy: policy }: PersistentVolumeSpec,
  path: FieldPath,
  { inline }: VolumeSpecRules,
): FieldError[] {
  if (!policy) return [];
  if (!inline) return checkSupported(policy, RECLAIM_POLICIES, path);
  return policy === 'Retain' ? [] : [forbidden(path, 'may only be Retain in the context of inline volumes')];
}

function validateNodeAffinity(
  { nodeAffinity }: PersistentVolumeSpec,
  path: FieldPath,
  { inline, allowInvalidNodeAffinityValues = false }: VolumeSpecRules,
): FieldError[] {
  if (!nodeAffinity) return [];
  if (inline) return [forbidden(path, INLINE)];
  const at = path.child('required');
  if (!nodeAffinity.required) return [required(at, 'must specify required node constraints')];
  return validateNodeSelector(nodeAffinity.required, at, allowInvalidNodeAffinityValues);
}

function validateSource(spec: PersistentVolumeSpec, name: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  for (const source of VOLUME_SOURCES) {
    if (!spec[source]) continue;
    // A flex volume is checked whatever was before it.
    if (found && source !== 'flexVolume') {
      const at = path.child(source === 'cephfs' ? 'cephFS' : source);
      errors.push(forbidden(at, 'may not specify more than 1 volume type'));
    } else {
      const at = path.child(source === 'gcePersistentDisk' ? 'persistentDisk' : source);
      errors.push(...(SOURCES[source] as Check)(spec, at, name));
      if (source === 'local' && !spec.nodeAffinity) {
        errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
      }
    }
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
  const isRoot = /^\/[/.]*$/.test(spec.hostPath?.path ?? '');
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const text = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbidden(path.child('persistentVolumeReclaimPolicy'), text));
  }
  return errors;
}

function validateLocal({ path: target }: { readonly path?: string }, path: FieldPath): FieldError[] {
  return target ? validateNoBacksteps(target, path.child('path')) : [required(path.child('path'))];
}

function validateClasses(spec: PersistentVolumeSpec, path: FieldPath, { inline }: VolumeSpecRules): FieldError[] {
  const { storageClassName, volumeMode, volumeAttributesClassName: attributes } = spec;
  const errors: FieldError[] = [];
  if (storageClassName) {
    const at = path.child('storageClassName');
    if (inline) errors.push(forbidden(at, INLINE));
    else errors.push(...invalidEach(at, storageClassName, nameIsDNSSubdomain(storageClassName, false)));
  }
  if (volumeMode !== undefined) {
    const at = path.child('volumeMode');
    const text = 'may not specify volumeMode other than Filesystem in the context of inline volumes';
    if (!inline) errors.push(...checkSupported(volumeMode, VOLUME_MODES, at));
    else if (volumeMode !== 'Filesystem') errors.push(forbidden(at, text));
  }
  if (attributes === undefined || inline) return errors;
  const at = path.child('volumeAttributesClassName');
  if (attributes === '') errors.push(required(at, 'an empty string is disallowed'));
  else errors.push(...invalidEach(at, attributes, nameIsDNSSubdomain(attributes, false)));
  if (!spec.csi) errors.push(required(path.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  return errors;
}

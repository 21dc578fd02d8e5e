/**
 * Volumes of a pod.
 *
 * Mirrors: ValidateVolumes and validateVolumeSource in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  duplicate,
  forbidden,
  invalid,
  nameIsDNSSubdomain,
  quantityCompare,
  required,
  type FieldError,
  type FieldPath,
  type TemplateMeta,
} from '@kts/apimachinery';
import { checkChoice, checkDnsLabel } from '../field-checks.ts';
import type { EphemeralVolumeSource, ImageVolumeSource, Volume } from '../gen/core-v1.gen.ts';
import { validateClaimTemplateMeta } from '../metadata-validation.ts';
import { validateDescendingPath, validateFileMode } from './file-path-validation.ts';
import { validateClaimSpec } from './persistentvolumeclaim-validation.ts';
import type { PodRules } from './pod-rules.ts';
import { validateDownwardVolume, validateKeyToPath, validateProjectedVolume } from './projected-volume-validation.ts';
import * as storage from './storage-source-validation.ts';

export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

type SourceName = Exclude<keyof Volume, 'name' | 'emptyDir'>;
type SourceCheck = (volume: Volume, path: FieldPath, rules: PodRules) => FieldError[];

interface SourceRule {
  readonly check: SourceCheck;
  /** The name in paths, where upstream does not use the field's. */
  readonly pathName?: string;
  /** The same for the error about a second type. */
  readonly secondName?: string;
}

/** In upstream's order: of two types in one volume the later one is refused. */
const SOURCES: Readonly<Record<SourceName, SourceRule>> = {
  hostPath: { check: (volume, path) => storage.validateHostPath(volume.hostPath!, path) },
  gitRepo: {
    check: ({ gitRepo }, path) => [
      ...storage.requireFields(gitRepo!, ['repository'], path),
      ...validateDescendingPath(gitRepo!.directory ?? '', path.child('directory')),
    ],
  },
  gcePersistentDisk: {
    check: (volume, path) => storage.validateDisk(volume.gcePersistentDisk!, 'pdName', path),
    pathName: 'persistentDisk',
  },
  awsElasticBlockStore: {
    check: (volume, path) => storage.validateDisk(volume.awsElasticBlockStore!, 'volumeID', path),
  },
  secret: { check: ({ secret }, path) => validateKeys(secret!, secret!.secretName, 'secretName', path) },
  nfs: { check: (volume, path) => storage.validateNfs(volume.nfs!, path) },
  iscsi: { check: (volume, path) => storage.validateIscsi(volume.iscsi!, path) },
  glusterfs: { check: (volume, path) => storage.validateGlusterfs(volume.glusterfs!, path) },
  flocker: { check: (volume, path) => storage.validateFlocker(volume.flocker!, path) },
  persistentVolumeClaim: {
    check: (volume, path) => storage.requireFields(volume.persistentVolumeClaim!, ['claimName'], path),
  },
  rbd: { check: (volume, path) => validateRbd(volume.rbd!, path) },
  cinder: { check: (volume, path) => storage.validateCinder(volume.cinder!, path, false) },
  cephfs: { check: (volume, path) => validateCephFs(volume.cephfs!, path), secondName: 'cephFS' },
  quobyte: { check: (volume, path) => storage.validateQuobyte(volume.quobyte!, path) },
  downwardAPI: {
    check: (volume, path) => validateDownwardVolume(volume.downwardAPI!, path),
    secondName: 'downwarAPI',
  },
  fc: { check: (volume, path) => storage.validateFibreChannel(volume.fc!, path) },
  flexVolume: { check: (volume, path) => storage.validateFlexVolume(volume.flexVolume!, path) },
  configMap: { check: ({ configMap }, path) => validateKeys(configMap!, configMap!.name, 'name', path) },
  azureFile: { check: (volume, path) => storage.validateAzureFile(volume.azureFile!, path) },
  vsphereVolume: { check: (volume, path) => storage.requireFields(volume.vsphereVolume!, ['volumePath'], path) },
  photonPersistentDisk: {
    check: (volume, path) => storage.requireFields(volume.photonPersistentDisk!, ['pdID'], path),
  },
  portworxVolume: { check: (volume, path) => storage.requireFields(volume.portworxVolume!, ['volumeID'], path) },
  azureDisk: { check: (volume, path) => storage.validateAzureDisk(volume.azureDisk!, path) },
  storageos: { check: (volume, path) => storage.validateStorageOs(volume.storageos!, path, false) },
  projected: { check: (volume, path, rules) => validateProjectedVolume(volume.projected!, path, rules) },
  scaleIO: {
    check: (volume, path) => storage.requireFields(volume.scaleIO!, ['gateway', 'system', 'volumeName'], path),
  },
  csi: { check: (volume, path) => storage.validateCsi(volume.csi!, path) },
  ephemeral: { check: (volume, path) => validateEphemeral(volume.ephemeral!, path) },
  image: { check: (volume, path, rules) => validateImage(volume.image!, path, rules) },
};

/** Errors, and the volumes without any by name: mounts of the others are not complained about twice. */
export interface CheckedVolumes {
  readonly errors: readonly FieldError[];
  readonly byName: ReadonlyMap<string, Volume>;
}

/** `meta` is that of the pod, and missing in templates. */
export function validateVolumes(
  volumes: readonly Volume[],
  meta: TemplateMeta | undefined,
  path: FieldPath,
  rules: PodRules,
): CheckedVolumes {
  const errors: FieldError[] = [];
  const byName = new Map<string, Volume>();
  const created = new Set(meta?.name ? volumes.filter((v) => v.ephemeral).map((v) => `${meta.name}-${v.name}`) : []);
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index);
    const own = validateVolumeSource(volume, meta, at, rules);
    own.push(...(volume.name ? checkDnsLabel(volume.name, at.child('name')) : [required(at.child('name'))]));
    if (byName.has(volume.name ?? '')) own.push(duplicate(at.child('name'), volume.name ?? ''));
    if (own.length === 0) byName.set(volume.name, volume);
    errors.push(...own);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim)) {
      const text = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(at.child('persistentVolumeClaim', 'claimName'), claim, text));
    }
  }
  return { errors, byName };
}

function validateVolumeSource(
  volume: Volume,
  meta: TemplateMeta | undefined,
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const errors: FieldError[] = [];
  const { sizeLimit } = volume.emptyDir ?? {};
  if (sizeLimit !== undefined && quantityCompare(sizeLimit, '0') < 0) {
    errors.push(forbidden(path.child('emptyDir', 'sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  }
  let found = volume.emptyDir !== undefined;
  for (const [name, rule] of Object.entries(SOURCES) as [SourceName, SourceRule][]) {
    if (!volume[name]) continue;
    if (found) {
      errors.push(forbidden(path.child(rule.secondName ?? name), 'may not specify more than 1 volume type'));
    } else errors.push(...rule.check(volume, path.child(rule.pathName ?? name), rules));
    if (name === 'iscsi') errors.push(...validateIscsiTotal(volume, path));
    if (name === 'ephemeral' && !found) errors.push(...validateClaimName(volume, meta, path));
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a volume type'));
  return errors;
}

function validateIscsiTotal({ name, iscsi }: Volume, path: FieldPath): FieldError[] {
  if (iscsi?.initiatorName === undefined || !storage.isIscsiNameTooLong(name, iscsi.targetPortal ?? '')) return [];
  return [invalid(path.child('name'), name, storage.ISCSI_NAME_MESSAGE)];
}

/** The claim made for an ephemeral volume is called after pod and volume. */
function validateClaimName({ name }: Volume, meta: TemplateMeta | undefined, path: FieldPath): FieldError[] {
  if (!meta?.name || !name) return [];
  const claim = `${meta.name}-${name}`;
  return nameIsDNSSubdomain(claim, false).map((text) =>
    invalid(path.child('name'), name, `PVC name ${JSON.stringify(claim)}: ${text}`),
  );
}

function validateKeys(
  source: Pick<NonNullable<Volume['secret'] & Volume['configMap']>, 'items' | 'defaultMode'>,
  name: string | undefined,
  nameField: string,
  path: FieldPath,
): FieldError[] {
  return [
    ...(name ? [] : [required(path.child(nameField))]),
    ...validateFileMode(source.defaultMode, path.child('defaultMode')),
    ...(source.items ?? []).flatMap((item, index) => validateKeyToPath(item, path.child('items').index(index))),
  ];
}

export function validateRbd(rbd: { readonly monitors?: readonly string[]; readonly image?: string }, path: FieldPath) {
  return [
    ...(rbd.monitors?.length ? [] : [required(path.child('monitors'))]),
    ...(rbd.image ? [] : [required(path.child('image'))]),
  ];
}

export function validateCephFs(cephfs: { readonly monitors?: readonly string[] }, path: FieldPath): FieldError[] {
  return cephfs.monitors?.length ? [] : [required(path.child('monitors'))];
}

function validateEphemeral({ volumeClaimTemplate: template }: EphemeralVolumeSource, path: FieldPath): FieldError[] {
  const at = path.child('volumeClaimTemplate');
  if (!template) return [required(at)];
  return [
    ...validateClaimTemplateMeta(template.metadata, at.child('metadata')),
    ...validateClaimSpec(template.spec ?? {}, at.child('spec')),
  ];
}

function validateImage({ reference, pullPolicy }: ImageVolumeSource, path: FieldPath, rules: PodRules): FieldError[] {
  return [
    ...(rules.isPod && !reference ? [required(path.child('reference'))] : []),
    ...checkChoice(pullPolicy, PULL_POLICIES, path.child('pullPolicy')),
  ];
}

/**
 * Storage of all kinds that pods and persistent volumes can use.
 *
 * Mirrors: the validate...VolumeSource functions in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  inclusiveRangeError,
  invalid,
  isDNS1123Subdomain,
  nameIsDNSLabel,
  nameIsDNSSubdomain,
  notSupported,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { byteLength, checkDnsLabel, checkDnsSubdomain, checkSupported, invalidEach } from '../field-checks.ts';
import type {
  AzureDiskVolumeSource,
  AzureFilePersistentVolumeSource,
  AzureFileVolumeSource,
  CSIPersistentVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GlusterfsPersistentVolumeSource,
  HostPathVolumeSource,
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  SecretReference,
} from '../gen/core-v1.gen.ts';
import { validateNoBacksteps } from './file-path-validation.ts';

const DRIVER_NAME_BYTES_MAX = 63;
const ISCSI_NAME_BYTES_MAX = 64;
/** Upstream says 1, and accepts 0. */
const PARTITION_MESSAGE = inclusiveRangeError(1, 255);
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const ISCSI_FORMATS: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[0-9A-Za-z]{16}$/,
  naa: /^naa.[0-9A-Za-z]{32}$/,
};

type SecretName = { readonly name?: string; readonly namespace?: string } | undefined;

/** A `required` for each field that is missing. */
export function requireFields(source: object, fields: readonly string[], path: FieldPath): FieldError[] {
  const values = source as Readonly<Record<string, unknown>>;
  return fields.filter((field) => !values[field]).map((field) => required(path.child(field)));
}

export function validateHostPath({ path: target, type }: HostPathVolumeSource, path: FieldPath): FieldError[] {
  if (!target) return [required(path.child('path'))];
  return [
    ...validateNoBacksteps(target, path.child('path')),
    ...(type === undefined ? [] : checkSupported(type, HOST_PATH_TYPES, path.child('type'))),
  ];
}

export function validateNfs(nfs: NFSVolumeSource, path: FieldPath): FieldError[] {
  const errors = requireFields(nfs, ['server', 'path'], path);
  if (!nfs.path?.startsWith('/')) errors.push(invalid(path.child('path'), nfs.path ?? '', 'must be an absolute path'));
  return errors;
}

/** `pdName` or `volumeID` with a partition number. */
export function validateDisk(disk: { readonly partition?: number }, nameField: string, path: FieldPath): FieldError[] {
  const errors = requireFields(disk, [nameField], path);
  const { partition = 0 } = disk;
  if (partition < 0 || partition > 255) errors.push(invalid(path.child('partition'), partition, PARTITION_MESSAGE));
  return errors;
}

/** `volumeName` is that of the persistent volume; inline volumes are checked by name elsewhere. */
export function validateIscsi(
  iscsi: ISCSIVolumeSource | ISCSIPersistentVolumeSource,
  path: FieldPath,
  volumeName?: string,
): FieldError[] {
  const { targetPortal, iqn, lun, initiatorName } = iscsi;
  const persistent = volumeName !== undefined;
  const errors = targetPortal ? [] : [required(path.child('targetPortal'))];
  if (persistent && initiatorName !== undefined && isIscsiNameTooLong(volumeName, targetPortal)) {
    errors.push(invalid(path.child('targetportal'), targetPortal, ISCSI_NAME_MESSAGE));
  }
  errors.push(...(iqn ? validateIscsiName(iqn, path.child('iqn'), persistent) : [required(path.child('iqn'))]));
  if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, inclusiveRangeError(0, 255)));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && !iscsi.secretRef) {
    errors.push(required(path.child('secretRef')));
  }
  if (persistent && iscsi.secretRef && !iscsi.secretRef.name) errors.push(required(path.child('secretRef', 'name')));
  if (initiatorName !== undefined) {
    errors.push(...validateIscsiName(initiatorName, path.child('initiatorname'), persistent));
  }
  return errors;
}

export const ISCSI_NAME_MESSAGE =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

export const isIscsiNameTooLong = (volumeName: string, targetPortal: string): boolean =>
  byteLength(`${volumeName}:${targetPortal}`) > ISCSI_NAME_BYTES_MAX;

function validateIscsiName(name: string, path: FieldPath, persistent: boolean): FieldError[] {
  const format = ISCSI_FORMATS[name.slice(0, 3)];
  if (!format) {
    return [invalid(path, name, `must be valid format${persistent ? '' : ' starting with iqn, eui, or naa'}`)];
  }
  return format.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

export function validateFibreChannel({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, path: FieldPath) {
  const errors: FieldError[] = [];
  const at = path.child('targetWWNs');
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(at, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length === 0) return errors;
  if (wwids.length > 0) {
    errors.push(invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else if (lun < 0 || lun > 255) errors.push(invalid(path.child('lun'), lun, inclusiveRangeError(0, 255)));
  return errors;
}

export function validateQuobyte({ registry, tenant = '', volume }: QuobyteVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const text = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) errors.push(required(path.child('registry'), text));
  else if (tenant.length >= 65) {
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of registry.split(',')) {
      if (!/^([^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair)) errors.push(invalid(path.child('registry'), registry, text));
    }
  }
  if (!volume) errors.push(required(path.child('volume')));
  return errors;
}

export function validateGlusterfs(source: Partial<GlusterfsPersistentVolumeSource>, path: FieldPath): FieldError[] {
  const errors = requireFields(source, ['endpoints', 'path'], path);
  const { endpointsNamespace } = source;
  const at = path.child('endpointsNamespace');
  if (endpointsNamespace === '') {
    errors.push(invalid(at, '', 'if the endpointnamespace is set, it must be a valid namespace name'));
  } else if (endpointsNamespace !== undefined) {
    errors.push(...invalidEach(at, endpointsNamespace, nameIsDNSLabel(endpointsNamespace, false)));
  }
  return errors;
}

export function validateFlocker({ datasetName = '', datasetUUID }: FlockerVolumeSource, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) errors.push(invalid(path.child('datasetName'), datasetName, "must not contain '/'"));
  return errors;
}

/** `namespaced` for persistent volumes, whose secret may be anywhere. */
export function validateCinder(
  cinder: { readonly volumeID?: string; readonly secretRef?: SecretName },
  path: FieldPath,
  namespaced: boolean,
): FieldError[] {
  return [...requireFields(cinder, ['volumeID'], path), ...requireSecret(cinder.secretRef, path, namespaced)];
}

export function validateStorageOs(
  source: { readonly volumeName?: string; readonly volumeNamespace?: string; readonly secretRef?: SecretName },
  path: FieldPath,
  namespaced: boolean,
): FieldError[] {
  const { volumeName, volumeNamespace } = source;
  return [
    ...(volumeName ? checkDnsLabel(volumeName, path.child('volumeName')) : [required(path.child('volumeName'))]),
    ...(volumeNamespace ? checkDnsLabel(volumeNamespace, path.child('volumeNamespace')) : []),
    ...requireSecret(source.secretRef, path, namespaced),
  ];
}

function requireSecret(secret: SecretName, path: FieldPath, namespaced: boolean): FieldError[] {
  if (!secret) return [];
  return requireFields(secret, namespaced ? ['name', 'namespace'] : ['name'], path.child('secretRef'));
}

export function validateFlexVolume(
  { driver, options }: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> },
  path: FieldPath,
): FieldError[] {
  const errors = driver ? [] : [required(path.child('driver'))];
  for (const key of Object.keys(options ?? {})) {
    const namespace = `.${key.split('/', 1)[0]!.toLowerCase()}`;
    if (namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')) {
      const text = 'kubernetes.io and k8s.io namespaces are reserved';
      errors.push(invalid(path.child('options').key(key), key, text));
    }
  }
  return errors;
}

export function validateAzureFile(
  file: AzureFileVolumeSource | AzureFilePersistentVolumeSource,
  path: FieldPath,
): FieldError[] {
  const errors = requireFields(file, ['secretName', 'shareName'], path);
  if ('secretNamespace' in file && file.secretNamespace === '') errors.push(required(path.child('secretNamespace')));
  return errors;
}

export function validateAzureDisk(disk: AzureDiskVolumeSource, path: FieldPath): FieldError[] {
  const { diskURI, cachingMode, kind } = disk;
  const errors = requireFields(disk, ['diskName', 'diskURI'], path);
  if (cachingMode !== undefined) {
    errors.push(...checkSupported(cachingMode, ['None', 'ReadOnly', 'ReadWrite'], path.child('cachingMode')));
  }
  if (kind === undefined) return errors;
  errors.push(...checkSupported(kind, ['Dedicated', 'Managed', 'Shared'], path.child('kind')));
  const [prefix, example] =
    kind === 'Managed'
      ? [
          '/subscriptions/',
          '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
        ]
      : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(path.child('diskURI'), diskURI, [example]));
  return errors;
}

export function validateCsiDriverName(name: string | undefined, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const errors = byteLength(name) > DRIVER_NAME_BYTES_MAX ? [tooLong(path, DRIVER_NAME_BYTES_MAX)] : [];
  return [...errors, ...invalidEach(path, name, isDNS1123Subdomain(name.toLowerCase()))];
}

export function validateCsi({ driver, nodePublishSecretRef }: CSIVolumeSource, path: FieldPath): FieldError[] {
  const errors = validateCsiDriverName(driver, path.child('driver'));
  if (!nodePublishSecretRef) return errors;
  const { name } = nodePublishSecretRef;
  if (!name) return [...errors, required(path.child('nodePublishSecretRef', 'name'))];
  return [...errors, ...invalidEach(path.child('name'), name, nameIsDNSSubdomain(name, false))];
}

export function validateCsiPersistentVolume(csi: CSIPersistentVolumeSource, path: FieldPath): FieldError[] {
  const errors = validateCsiDriverName(csi.driver, path.child('driver'));
  if (!csi.volumeHandle) errors.push(required(path.child('volumeHandle')));
  for (const field of SECRET_REFERENCES) {
    const reference = csi[field];
    if (reference) errors.push(...validateSecretReference(reference, path.child(field)));
  }
  return errors;
}

const SECRET_REFERENCES = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateSecretReference({ name, namespace }: SecretReference, path: FieldPath): FieldError[] {
  return [
    ...(name ? checkDnsSubdomain(name, path.child('name')) : [required(path.child('name'))]),
    ...(namespace ? checkDnsLabel(namespace, path.child('namespace')) : [required(path.child('namespace'))]),
  ];
}

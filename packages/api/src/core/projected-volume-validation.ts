/**
 * Volumes made of secrets, config maps, fields of the pod, tokens and certificates.
 *
 * Mirrors: validateProjectionSources and validateDownwardAPIVolumeSource in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isQualifiedName,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { invalidEach } from '../field-checks.ts';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
} from '../gen/core-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';
import { validateFieldRef, validateResourceFieldRef } from './env-validation.ts';
import { validateFileMode, validateNonReservedPath } from './file-path-validation.ts';
import type { PodRules } from './pod-rules.ts';
import { isKubernetesSigner, trustBundleNameErrors, validateSignerName } from './signer-name-validation.ts';
import { internalForm } from '../internal-form.ts';

const TOKEN_SECONDS_MIN = 10 * 60;
const TOKEN_SECONDS_MAX = 2 ** 32;
const CERTIFICATE_SECONDS_MIN = 3600;
const CERTIFICATE_SECONDS_MAX = 91 * 24 * 3600;
const KUBERNETES_CERTIFICATE_SECONDS_MAX = 24 * 3600;
const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

export function validateProjectedVolume(
  { defaultMode, sources }: ProjectedVolumeSource,
  path: FieldPath,
  rules: PodRules,
): FieldError[] {
  const errors = validateFileMode(defaultMode, path.child('defaultMode'));
  const taken = new Set<string>();
  /** Two sources must not write the same file. `value` is what the message shows. */
  const claim = (file: string | undefined, value = file): void => {
    if (!file) return;
    if (taken.has(file)) errors.push(invalid(path, value, 'conflicting duplicate paths'));
    taken.add(file);
  };
  for (const [index, source] of (sources ?? []).entries()) {
    const at = path.child('sources').index(index);
    for (const field of ['secret', 'configMap'] as const) {
      const part = source[field];
      if (!part) continue;
      if (!part.name) errors.push(required(at.child(field, 'name')));
      for (const [i, item] of (part.items ?? []).entries()) {
        errors.push(...validateKeyToPath(item, at.child(field, 'items').index(i)));
        claim(item.path, part.name ?? '');
      }
    }
    for (const file of source.downwardAPI?.items ?? []) {
      errors.push(...validateDownwardFile(file, at.child('downwardAPI')));
      claim(file.path);
    }
    const { serviceAccountToken: token, clusterTrustBundle: bundle, podCertificate: certificate } = source;
    if (token) errors.push(...validateToken(token, at.child('serviceAccountToken'), path.child('path'), rules));
    if (bundle) {
      errors.push(...validateTrustBundle(bundle, at.child('clusterTrustBundle')));
      claim(bundle.path);
    }
    if (certificate) {
      errors.push(...validateCertificate(certificate, at.child('podCertificate')));
      claim(certificate.credentialBundlePath);
      claim(certificate.keyPath);
      claim(certificate.certificateChainPath);
    }
    if (Object.values(source).filter((part) => part !== undefined).length > 1) {
      errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
    }
  }
  return errors;
}

export function validateDownwardVolume({ defaultMode, items = [] }: DownwardAPIVolumeSource, path: FieldPath) {
  return [
    ...validateFileMode(defaultMode, path.child('defaultMode')),
    ...items.flatMap((file) => validateDownwardFile(file, path)),
  ];
}

export function validateKeyToPath({ key, path: file, mode }: KeyToPath, path: FieldPath): FieldError[] {
  return [
    ...(key ? [] : [required(path.child('key'))]),
    ...(file ? [] : [required(path.child('path'))]),
    ...validateNonReservedPath(file, path.child('path')),
    ...validateFileMode(mode, path.child('mode')),
  ];
}

function validateDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath): FieldError[] {
  const { fieldRef, resourceFieldRef, path: target } = file;
  const errors = target ? [] : [required(path.child('path'))];
  errors.push(...validateNonReservedPath(target, path.child('path')));
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, VOLUME_FIELDS, path.child('fieldRef')));
    if (resourceFieldRef) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, path.child('resourceFieldRef'), true));
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateFileMode(file.mode, path.child('mode'))];
}

function validateToken(
  { expirationSeconds = 0, path: file }: ServiceAccountTokenProjection,
  path: FieldPath,
  filePath: FieldPath,
  rules: PodRules,
): FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('expirationSeconds');
  if (expirationSeconds < TOKEN_SECONDS_MIN) {
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'));
  }
  if (expirationSeconds > TOKEN_SECONDS_MAX) {
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  if (!file) errors.push(required(filePath));
  else if (!rules.allowNonLocalTokenPath) errors.push(...validateNonReservedPath(file, filePath));
  return errors;
}

function validateTrustBundle(bundle: ClusterTrustBundleProjection, path: FieldPath): FieldError[] {
  const { name, signerName, labelSelector } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    errors.push(
      invalid(
        path,
        internalForm('core.v1.ClusterTrustBundleProjection', bundle),
        'only one of name and signerName may be used',
      ),
    );
  } else if (name !== undefined) {
    if (name === '') errors.push(required(path.child('name'), 'must be a valid object name'));
    const complaints = trustBundleNameErrors(name).map((text) => `not a valid clustertrustbundlename: ${text}`);
    errors.push(...invalidEach(path.child('name'), name, complaints));
    if (labelSelector) {
      const text = 'labelSelector must be unset if name is specified';
      errors.push(invalid(path.child('labelSelector'), labelSelector, text));
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(path.child('signerName'), 'must be a valid signer name'));
    errors.push(...validateSignerName(signerName, path.child('signerName')));
    errors.push(...validateLabelSelector(labelSelector, path.child('labelSelector')));
  } else errors.push(required(path, 'either name or signerName must be specified'));
  if (!bundle.path) errors.push(required(path.child('path')));
  return [...errors, ...validateNonReservedPath(bundle.path ?? '', path.child('path'))];
}

function validateCertificate(certificate: PodCertificateProjection, path: FieldPath): FieldError[] {
  const { signerName, keyType, maxExpirationSeconds } = certificate;
  const errors = validateSignerName(signerName, path.child('signerName'));
  for (const key of Object.keys(certificate.userAnnotations ?? {})) {
    errors.push(...invalidEach(path.child('userAnnotations'), key, isQualifiedName(key.toLowerCase())));
  }
  if (!KEY_TYPES.includes(keyType)) errors.push(notSupported(path.child('keyType'), keyType, KEY_TYPES));
  if (maxExpirationSeconds !== undefined) {
    const at = path.child('maxExpirationSeconds');
    const max = isKubernetesSigner(signerName) ? KUBERNETES_CERTIFICATE_SECONDS_MAX : CERTIFICATE_SECONDS_MAX;
    if (maxExpirationSeconds < CERTIFICATE_SECONDS_MIN) {
      errors.push(invalid(at, maxExpirationSeconds, 'if provided, maxExpirationSeconds must be >= 3600'));
    }
    if (maxExpirationSeconds > max) {
      errors.push(invalid(at, maxExpirationSeconds, `if provided, maxExpirationSeconds must be <= ${max}`));
    }
  }
  const fields = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const field of fields) {
    if (certificate[field]) errors.push(...validateNonReservedPath(certificate[field], path.child(field)));
  }
  if (fields.every((field) => !certificate[field])) {
    const text = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    errors.push(required(path, text));
  }
  return errors;
}

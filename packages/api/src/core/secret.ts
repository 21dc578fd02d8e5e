import { FieldPath, forbidden, invalid, isConfigMapKey, required, tooLong, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { base64Length, checkImmutable, invalidEach, sameValue } from '../field-checks.ts';
import type { Secret } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { secretWarnings } from './secret-warnings.ts';
import { jsonProblem } from '../json-text.ts';

const DATA_BYTES_MAX = 1024 * 1024;
const DATA = FieldPath.of('data');
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

/**
 * Configuration that should be seen by few.
 *
 * Mirrors: pkg/registry/core/secret, ValidateSecret in pkg/apis/core/validation (v1.36)
 */
export const secrets = defineResource<Secret>('v1', 'secrets', {
  generation: 'none',
  setDefaults: (draft) => {
    if (!draft.type) draft.type = 'Opaque';
    mergeStringData(draft);
  },
  prepareForUpdate: (draft, old) => {
    if (!draft.type && old.type) draft.type = old.type;
  },
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  warnings: secretWarnings,
  selectableFields: ({ type }) => ({ type: type ?? '' }),
  cells: ({ metadata, type, data }, now) => [
    metadata.name,
    type ?? '',
    Object.keys(data ?? {}).length,
    age(metadata.creationTimestamp, now),
  ],
});

/** `stringData` is for writing only: plain text that goes into `data`. */
function mergeStringData(secret: { data?: Record<string, string>; stringData?: Record<string, string> }): void {
  if (!secret.stringData) return;
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  if (encoded.length > 0) secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
  delete secret.stringData;
}

function validateSecret(secret: Secret): FieldError[] {
  const { data = {} } = secret;
  const errors = Object.keys(data).flatMap((key) => invalidEach(DATA.key(key), key, isConfigMapKey(key)));
  const bytes = Object.values(data).reduce((sum, value) => sum + base64Length(value), 0);
  if (bytes > DATA_BYTES_MAX) errors.push(tooLong(DATA, DATA_BYTES_MAX));
  return [...errors, ...validateType(secret, data)];
}

/** What each of the well-known types must hold. */
function validateType({ type, metadata }: Secret, data: Readonly<Record<string, string>>): FieldError[] {
  const missing = (...keys: string[]): FieldError[] =>
    keys.filter((key) => data[key] === undefined).map((key) => required(DATA.key(key)));
  switch (type ?? '') {
    case 'kubernetes.io/service-account-token':
      if (metadata.annotations?.[ACCOUNT_ANNOTATION]) return [];
      return [required(FieldPath.of('metadata', 'annotations').key(ACCOUNT_ANNOTATION))];
    case 'kubernetes.io/dockercfg':
      return validateJson(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return validateJson(data, '.dockerconfigjson');
    case 'kubernetes.io/basic-auth': {
      const errors = missing('username', 'password');
      return errors.length === 2 ? errors : [];
    }
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required(DATA.key('ssh-privatekey'))];
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key');
    default:
      return [];
  }
}

function validateJson(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [required(DATA.key(key))];
  const problem = jsonProblem(Buffer.from(value, 'base64'), 'object', 'map[string]interface {}');
  return problem === undefined ? [] : [invalid(DATA.key(key), '<secret contents redacted>', problem)];
}

function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const frozen = (field: string): FieldError =>
    forbidden(FieldPath.of(field), 'field is immutable when `immutable` is set');
  const errors = checkImmutable(secret.type, old.type, FieldPath.of('type'));
  if (old.immutable) {
    if (!secret.immutable) errors.push(frozen('immutable'));
    if (!sameValue(secret.data, old.data)) errors.push(frozen('data'));
  }
  return [...errors, ...validateObjectMeta(secret.metadata, secrets), ...validateSecret(secret)];
}

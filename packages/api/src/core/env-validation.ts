/**
 * Environment variables of containers, and where their values come from.
 *
 * Mirrors: ValidateEnv, ValidateEnvFrom and their callees in pkg/apis/core/validation/validation.go (v1.36)
 */
import {
  canonicalQuantity,
  invalid,
  isConfigMapKey,
  isRelaxedEnvVarName,
  isZeroQuantity,
  nameIsDNSSubdomain,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkDnsLabel, checkQualifiedName, invalidEach } from '../field-checks.ts';
import type {
  EnvFromSource,
  EnvVar,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../gen/core-v1.gen.ts';
import { validateNoBacksteps } from './file-path-validation.ts';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Every field that a pod offers to its containers in one way or another. */
const POD_FIELDS = new Set([
  ...ENV_FIELDS,
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const RESOURCE_FIELDS = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const HUGE_PAGES_FIELD = /^(limits|requests)\.hugepages-/;
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function validateEnv(variables: readonly EnvVar[], path: FieldPath): FieldError[] {
  return variables.flatMap((variable, index) => {
    const at = path.index(index);
    const name = variable.name
      ? invalidEach(at.child('name'), variable.name, isRelaxedEnvVarName(variable.name))
      : [required(at.child('name'))];
    return [...name, ...validateValueFrom(variable, at.child('valueFrom'))];
  });
}

function validateValueFrom({ value, valueFrom }: EnvVar, path: FieldPath): FieldError[] {
  if (!valueFrom) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, ENV_FIELDS, path.child('fieldRef')));
  if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, path.child('resourceFieldRef'), false));
  }
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, path.child('configMapKeyRef')));
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, path.child('secretKeyRef')));
  if (fileKeyRef) errors.push(...validateFileKeyRef(fileKeyRef, path.child('fileKeyRef')));
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (sources === 0) {
    const choices = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(path, '', `must specify one of: ${choices}`));
  } else if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

export function validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = path.index(index);
    const errors = prefix ? invalidEach(at.child('prefix'), prefix, isRelaxedEnvVarName(prefix)) : [];
    if (configMapRef) errors.push(...validateSourceName(configMapRef.name, at.child('configMapRef', 'name')));
    if (secretRef) errors.push(...validateSourceName(secretRef.name, at.child('secretRef', 'name')));
    if (!configMapRef && !secretRef) {
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
}

function validateSourceName(name: string | undefined, path: FieldPath): FieldError[] {
  return name ? invalidEach(path, name, nameIsDNSSubdomain(name, true)) : [required(path)];
}

/** A field of the pod, `metadata.labels['key']` included. */
export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  path: FieldPath,
): FieldError[] {
  if (!apiVersion) return [required(path.child('apiVersion'))];
  if (!fieldPath) return [required(path.child('fieldPath'))];
  const wrong = (text: string): FieldError[] => [
    invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: ${text}`),
  ];
  if (apiVersion !== 'v1') return wrong(`unsupported pod version: ${apiVersion}`);
  const [, map, key] = /^([^]+?)\['([^]*)'\]$/.exec(fieldPath) ?? [];
  if (map === undefined) {
    const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
    if (!POD_FIELDS.has(field)) return wrong(`field label not supported: ${fieldPath}`);
    return supported.includes(field) ? [] : [notSupported(path.child('fieldPath'), field, supported)];
  }
  if (map === 'metadata.annotations') return checkQualifiedName(key!.toLowerCase(), path);
  if (map === 'metadata.labels') return checkQualifiedName(key!, path);
  return wrong(`field label does not support subscript: ${fieldPath}`);
}

/** An amount of a container; volumes must say of which one. */
export function validateResourceFieldRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  path: FieldPath,
  inVolume: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  if (inVolume && !containerName) errors.push(required(path.child('containerName')));
  else if (!resource) errors.push(required(path.child('resource')));
  else if (!RESOURCE_FIELDS.includes(resource) && !HUGE_PAGES_FIELD.test(resource)) {
    errors.push(notSupported(path.child('resource'), resource, RESOURCE_FIELDS));
  }
  return [...errors, ...validateDivisor(resource, divisor, path.child('divisor'))];
}

function validateDivisor(resource: string, divisor: string | undefined, path: FieldPath): FieldError[] {
  if (divisor === undefined || isZeroQuantity(divisor)) return [];
  const text = canonicalQuantity(divisor);
  if (resource.endsWith('.cpu')) {
    if (text === '1' || text === '1m') return [];
    return [invalid(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")];
  }
  const kind = BYTE_RESOURCES.find(([pattern]) => pattern.test(resource))?.[1];
  if (!kind || BYTE_DIVISORS.includes(text)) return [];
  const message = `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${kind} resource`;
  return [invalid(path, resource, message)];
}

const BYTE_RESOURCES: readonly (readonly [RegExp, string])[] = [
  [/^(limits|requests)\.memory$/, 'memory'],
  [/^(limits|requests)\.ephemeral-storage$/, 'local ephemeral storage'],
  [HUGE_PAGES_FIELD, 'hugepages'],
];

function validateKeyRef({ name = '', key }: { readonly name?: string; readonly key?: string }, path: FieldPath) {
  return [
    ...invalidEach(path.child('name'), name, nameIsDNSSubdomain(name, false)),
    ...(key ? invalidEach(path.child('key'), key, isConfigMapKey(key)) : [required(path.child('key'))]),
  ];
}

function validateFileKeyRef({ volumeName, path: file, key }: FileKeySelector, path: FieldPath): FieldError[] {
  return [
    ...(key ? invalidEach(path.child('key'), key, isRelaxedEnvVarName(key)) : [required(path.child('key'))]),
    ...(volumeName ? checkDnsLabel(volumeName, path.child('volumeName')) : [required(path.child('volumeName'))]),
    ...(file ? validateNoBacksteps(file, path.child('path')) : [required(path.child('path'))]),
  ];
}

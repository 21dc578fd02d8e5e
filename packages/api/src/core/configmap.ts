import { FieldPath, forbidden, invalid, isConfigMapKey, tooLong, type FieldError } from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import { base64Length, byteLength, invalidEach, sameValue } from '../field-checks.ts';
import type { ConfigMap } from '../gen/core-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';

/** Of all values together: what fits into one etcd request with room to spare. */
const DATA_BYTES_MAX = 1024 * 1024;

/**
 * Configuration that containers read as files, environment variables or through the API.
 *
 * Mirrors: pkg/registry/core/configmap and ValidateConfigMap in pkg/apis/core/validation (v1.36)
 */
export const configMaps = defineResource<ConfigMap>('v1', 'configmaps', {
  generation: 'none',
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  cells: (configMap, now) => [
    configMap.metadata.name,
    sizeOf(configMap.data) + sizeOf(configMap.binaryData),
    age(configMap.metadata.creationTimestamp, now),
  ],
});

export function validateConfigMap(configMap: ConfigMap): FieldError[] {
  const { data = {}, binaryData = {} } = configMap;
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const path = FieldPath.of('data').key(key);
    errors.push(...invalidEach(path, key, isConfigMapKey(key)));
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(path, key, 'duplicate of key present in binaryData'));
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...invalidEach(FieldPath.of('binaryData').key(key), key, isConfigMapKey(key)));
    bytes += base64Length(value);
  }
  // The path of the whole object: upstream's empty path is printed as an empty subscript.
  if (bytes > DATA_BYTES_MAX) errors.push(tooLong(FieldPath.root.key(''), DATA_BYTES_MAX));
  return errors;
}

/** An immutable config map stays what it is, immutability included; its metadata may change. */
export function validateConfigMapUpdate(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  if (old.immutable) {
    if (!configMap.immutable) errors.push(frozen('immutable'));
    if (!sameValue(configMap.data, old.data)) errors.push(frozen('data'));
    if (!sameValue(configMap.binaryData, old.binaryData)) errors.push(frozen('binaryData'));
  }
  return [...errors, ...validateObjectMeta(configMap.metadata, configMaps), ...validateConfigMap(configMap)];
}

const frozen = (field: string): FieldError =>
  forbidden(FieldPath.of(field), 'field is immutable when `immutable` is set');

const sizeOf = (data: Readonly<Record<string, string>> | undefined): number => Object.keys(data ?? {}).length;

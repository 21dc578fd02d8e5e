/**
 * What `x-kubernetes-list-type` and `x-kubernetes-map-type` ask of a schema.
 *
 * Mirrors: ValidateCustomResourceDefinitionOpenAPISchema and validateMapListKeysMapSet in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import { forbidden, invalid, notSupported, required, type FieldError, type FieldPath } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { itemSchema } from '../schema/correlation.ts';

export function validateMapType(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return [];
  const text = 'must be object if x-kubernetes-map-type is specified';
  return [
    ...(schema.type === 'object' ? [] : [wrongType(schema, path, text)]),
    ...(['atomic', 'granular'].includes(mapType)
      ? []
      : [notSupported(path.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular'])]),
  ];
}

export function validateListType(schema: JSONSchemaProps, atomicSets: boolean, path: FieldPath): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const at = path.child('x-kubernetes-list-type');
  const errors: FieldError[] = [];
  if (listType !== undefined && schema.type !== 'array') {
    errors.push(wrongType(schema, path, 'must be array if x-kubernetes-list-type is specified'));
  } else if (atomicSets && listType === 'set') {
    errors.push(...validateSetItems(schema, path.child('items')));
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(at, listType, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && listType !== 'map') {
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(at, text) : invalid(at, listType, text));
  }
  if (listType === 'map') errors.push(...validateMapList(schema, keys, path));
  return errors;
}

function wrongType({ type }: JSONSchemaProps, path: FieldPath, text: string): FieldError {
  return type ? invalid(path.child('type'), type, text) : required(path.child('type'), text);
}

/** Upstream shows the items' list type for both. */
function validateSetItems(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  if (!hasNonAtomicItems(schema)) return [];
  const items = itemSchema(schema)!;
  const field = items.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type';
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  return [invalid(path.child(field), items['x-kubernetes-list-type'] ?? null, text)];
}

/** Whether a set has items that are lists or objects with an inside of their own. */
export function hasNonAtomicItems(schema: JSONSchemaProps): boolean {
  const items = itemSchema(schema);
  if (schema['x-kubernetes-list-type'] !== 'set' || !items) return false;
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic';
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}

function validateMapList(schema: JSONSchemaProps, keys: readonly string[], path: FieldPath): FieldError[] {
  const at = path.child('x-kubernetes-list-map-keys');
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.items === undefined) {
    errors.push(required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map'));
  }
  const items = itemSchema(schema);
  if (!items) return errors;
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(path.child('items', 'type'), items.type ?? '', text)];
  }
  keys.forEach((key, index) => {
    const property = propertyOf(items, key);
    if (!property) errors.push(invalid(at, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(path.child('items', 'properties').key(key).child('type'), items.type, text));
    }
    if (keys.indexOf(key) < index) errors.push(invalid(at, keys, 'must not contain duplicate entries'));
  });
  return errors;
}

/** Keys are always there, and items that have identities are never null. */
export function validateListKeys(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const items = itemSchema(schema);
  if (!items || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable) {
    errors.push(
      forbidden(path.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  }
  for (const key of listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const at = path.child('items', 'properties').key(key);
    if (!items.required?.includes(key) && (property.default ?? null) === null) {
      const text =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(at.child('default'), text));
    }
    if (property.nullable) {
      errors.push(
        forbidden(at.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      );
    }
  }
  return errors;
}

function propertyOf({ properties = {} }: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

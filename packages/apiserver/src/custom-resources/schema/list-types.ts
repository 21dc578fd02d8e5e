/**
 * Lists of type `set` have no item twice, lists of type `map` no keys.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go (v1.36)
 */
import { duplicate, FieldPath, invalid, type FieldError } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isObject, itemSchema, memberSchema } from './correlation.ts';
import { memberPath } from './embedded-resources.ts';

export function validateListTypes(
  schema: JSONSchemaProps | undefined,
  value: unknown,
  path: FieldPath = FieldPath.root,
): FieldError[] {
  if (!schema) return [];
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    const errors = validateList(schema, value, path);
    if (items) value.forEach((item, index) => errors.push(...validateListTypes(items, item, path.index(index))));
    return errors;
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    validateListTypes(memberSchema(schema, name), item, memberPath(schema, path, name)),
  );
}

function validateList(schema: JSONSchemaProps, items: readonly unknown[], path: FieldPath): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'map') return validateMap(schema['x-kubernetes-list-map-keys'] ?? [], items, path);
  if (listType !== 'set') return [];
  return repeated(items).map((index) => duplicate(path.index(index), sorted(items[index])));
}

function validateMap(keys: readonly string[], items: readonly unknown[], path: FieldPath): FieldError[] {
  const wrong = items.findIndex((item) => item !== null && !isObject(item));
  if (wrong >= 0) return [invalid(path.index(wrong), items[wrong], 'must be an object for an array of list-type map')];
  const identities = items.map((item) => {
    const fields = (item ?? {}) as Readonly<Record<string, unknown>>;
    return Object.fromEntries(keys.filter((key) => Object.hasOwn(fields, key)).map((key) => [key, fields[key]]));
  });
  return repeated(identities).map((index) => duplicate(path.index(index), sorted(identities[index])));
}

/** Where each value that is there more than once is met for the second time. */
function repeated(values: readonly unknown[]): readonly number[] {
  if (values.length < 2) return [];
  const times = new Map<string, number>();
  return values.flatMap((value, index) => {
    const text = JSON.stringify(sorted(value));
    const seen = times.get(text) ?? 0;
    times.set(text, seen + 1);
    return seen === 1 ? [index] : [];
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

/**
 * Where a kind keeps its number of replicas. Paths of scales are names with dots between them and nothing else.
 *
 * Mirrors: NestedInt64 and NestedString of staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/unstructured/helpers.go and
 * ValidateScaleSpec, ValidateScaleStatus in .../registry/customresource/validator.go (v1.36)
 */
import { FieldPath, goValueText, invalid, type FieldError } from '@kts/apimachinery';
import type { CustomResourceSubresourceScale } from '@kts/api/types/apiextensions-v1';

const REPLICAS_MAX = 2 ** 31 - 1;

export type Nested<T> = { readonly value: T | undefined } | { readonly error: string };

export function nestedInteger(object: unknown, path: string): Nested<number> {
  return nested(
    object,
    path,
    'int64',
    (value): value is number => typeof value === 'number' && Number.isInteger(value),
  );
}

export function nestedString(object: unknown, path: string): Nested<string> {
  return nested(object, path, 'string', (value): value is string => typeof value === 'string');
}

export function fieldsOfPath(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}

/** Sets the value, with the objects on the way to it. Changes `object` in place; shared parts are copied. */
export function setNested(object: Record<string, unknown>, path: string, value: unknown): void {
  const fields = fieldsOfPath(path);
  let parent = object;
  for (const field of fields.slice(0, -1)) {
    parent = parent[field] = { ...(parent[field] as Record<string, unknown> | undefined) };
  }
  parent[fields.at(-1)!] = value;
}

function nested<T>(object: unknown, path: string, wanted: string, is: (value: unknown) => value is T): Nested<T> {
  const fields = fieldsOfPath(path);
  let value = object;
  for (const [index, field] of fields.entries()) {
    if (value === null || value === undefined) return { value: undefined };
    if (typeof value !== 'object' || Array.isArray(value)) {
      return { error: accessorError(fields.slice(0, index + 1), value, 'map[string]interface{}') };
    }
    value = (value as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) return { value: undefined };
  }
  return is(value) ? { value } : { error: accessorError(fields, value, wanted) };
}

function accessorError(fields: readonly string[], value: unknown, wanted: string): string {
  const found = `${goValueText(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`;
  return `.${fields.join('.')} accessor error: ${found}`;
}

function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

export function validateScaleSpec(scale: CustomResourceSubresourceScale | undefined, object: unknown): FieldError[] {
  return scale ? validateReplicas(scale.specReplicasPath, object) : [];
}

export function validateScaleStatus(scale: CustomResourceSubresourceScale | undefined, object: unknown): FieldError[] {
  if (!scale) return [];
  const errors = validateReplicas(scale.statusReplicasPath, object);
  const { labelSelectorPath } = scale;
  const selector = labelSelectorPath === undefined ? { value: undefined } : nestedString(object, labelSelectorPath);
  if ('error' in selector) errors.push(invalid(FieldPath.of(labelSelectorPath!), '', selector.error));
  return errors;
}

function validateReplicas(path: string, object: unknown): FieldError[] {
  const found = nestedInteger(object, path);
  const at = FieldPath.of(path);
  if ('error' in found) return [invalid(at, 0, found.error)];
  const { value = 0 } = found;
  if (value < 0) return [invalid(at, value, 'should be a non-negative integer')];
  return value > REPLICAS_MAX ? [invalid(at, value, `should be less than or equal to ${REPLICAS_MAX}`)] : [];
}

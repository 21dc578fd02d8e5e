/**
 * What a schema demands of values beyond their types. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go (v1.36)
 * Differs: `allOf`, `anyOf`, `oneOf`, `not` and CEL rules are not looked at yet.
 */
import { deepEqual, FieldPath, invalid, notSupported, required, tooMany, type FieldError } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

/**
 * `path` is the root for a whole object. What has not changed since `old` is not held against an update: the schema may
 * have become stricter.
 */
export function validateBySchema(
  props: JSONSchemaProps,
  value: unknown,
  path = FieldPath.root,
  old?: unknown,
): FieldError[] {
  if (value === null || value === undefined) return [];
  if (old !== undefined && deepEqual(value, old)) return [];
  const errors = validateEnum(props, value, path);
  if (typeof value === 'string') errors.push(...validateString(props, value, path));
  else if (typeof value === 'number') errors.push(...validateNumber(props, value, path));
  else if (Array.isArray(value)) errors.push(...validateArray(props, value, path, old));
  else if (typeof value === 'object')
    errors.push(...validateObject(props, value as Record<string, unknown>, path, old));
  return errors;
}

function validateEnum(props: JSONSchemaProps, value: unknown, path: FieldPath): FieldError[] {
  if (!props.enum || props.enum.some((allowed) => deepEqual(allowed, value))) return [];
  return [
    notSupported(
      path,
      value,
      props.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed))),
    ),
  ];
}

function validateString(props: JSONSchemaProps, value: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const length = Array.from(value).length;
  const should = (text: string): FieldError => invalid(path, value, `${path.toString()} in body should ${text}`);
  if (props.maxLength !== undefined && length > props.maxLength)
    errors.push(should(`be at most ${props.maxLength} chars long`));
  if (props.minLength !== undefined && length < props.minLength)
    errors.push(should(`be at least ${props.minLength} chars long`));
  if (props.pattern !== undefined && !matchesPattern(props.pattern, value))
    errors.push(should(`match '${props.pattern}'`));
  return errors;
}

/** A pattern that only Go understands is not held against the value. */
function matchesPattern(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function validateNumber(props: JSONSchemaProps, value: number, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const should = (text: string): FieldError => invalid(path, value, `${path.toString()} in body should be ${text}`);
  const { maximum, minimum, multipleOf } = props;
  if (maximum !== undefined && (props.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(should(props.exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`));
  }
  if (minimum !== undefined && (props.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(should(props.exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`));
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) errors.push(should(`a multiple of ${multipleOf}`));
  return errors;
}

function validateArray(props: JSONSchemaProps, value: readonly unknown[], path: FieldPath, old: unknown): FieldError[] {
  const errors: FieldError[] = [];
  if (props.maxItems !== undefined && value.length > props.maxItems)
    errors.push(tooMany(path, value.length, props.maxItems));
  if (props.minItems !== undefined && value.length < props.minItems) {
    errors.push(invalid(path, value.length, `${path.toString()} in body should have at least ${props.minItems} items`));
  }
  const { items } = props;
  if (!items || Array.isArray(items)) return errors;
  return [
    ...errors,
    ...value.flatMap((item, index) =>
      validateBySchema(items as JSONSchemaProps, item, path.index(index), sameItem(props, item, old)),
    ),
  ];
}

/** The old item with the same keys; items of other lists than maps have no identity. */
function sameItem(props: JSONSchemaProps, item: unknown, old: unknown): unknown {
  const keys = props['x-kubernetes-list-map-keys'];
  if (props['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) return undefined;
  return old.find((other) => keys.every((key) => deepEqual(memberOf(other, key), memberOf(item, key))));
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function validateObject(
  props: JSONSchemaProps,
  value: Record<string, unknown>,
  path: FieldPath,
  old: unknown,
): FieldError[] {
  const errors = (props.required ?? [])
    .filter((name) => value[name] === undefined)
    .map((name) => required(path.child(name)));
  const { additionalProperties } = props;
  for (const [name, member] of Object.entries(value)) {
    const property = props.properties?.[name];
    if (property) errors.push(...validateBySchema(property, member, path.child(name), memberOf(old, name)));
    else if (typeof additionalProperties === 'object')
      errors.push(...validateBySchema(additionalProperties, member, path.key(name), memberOf(old, name)));
  }
  return errors;
}

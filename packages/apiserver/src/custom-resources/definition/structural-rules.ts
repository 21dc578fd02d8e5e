/**
 * Schemas have a structure of their own, apart from what they demand of values: types stand where the values do, and
 * `allOf`, `anyOf`, `oneOf` and `not` only narrow them.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{convert,validation,complete}.go (v1.36)
 */
import { deepEqual, FieldPath, forbidden, invalid, required, type FieldError } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { itemSchema } from '../schema/correlation.ts';
import { goRegexp, GoRegexpError } from '../schema/go-regexp.ts';

type Level = 'root' | 'item' | 'field';

/** Why a schema cannot be structural whatever else it says; undefined if nothing is in the way. */
export function unstructurable(schema: JSONSchemaProps | undefined): string | undefined {
  if (!schema) return undefined;
  const unsupported = unsupportedField(schema);
  if (unsupported) return `OpenAPIV3Schema '${unsupported}' is not supported`;
  const { not, allOf = [], anyOf = [], oneOf = [], properties = {}, additionalProperties } = schema;
  for (const nested of [not, ...allOf, ...anyOf, ...oneOf]) {
    const problem = unstructurable(nested);
    if (problem) return problem;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  }
  const additional = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  for (const nested of [itemSchema(schema), ...Object.values(properties), ...additional]) {
    const problem = unstructurable(nested);
    if (problem) return problem;
  }
  return undefined;
}

function unsupportedField(schema: JSONSchemaProps): string | undefined {
  if (schema.id) return 'id';
  if (schema.$schema) return 'schema';
  if (schema.$ref) return '$ref';
  if (!isEmpty(schema.patternProperties)) return 'patternProperties';
  if (!isEmpty(schema.dependencies)) return 'dependencies';
  if (schema.additionalItems !== undefined) return 'additionalItems';
  return isEmpty(schema.definitions) ? undefined : 'definitions';
}

export function isEmpty(map: object | undefined): boolean {
  return !map || Object.keys(map).length === 0;
}

/** What keeps a schema from being structural, sorted. */
export function validateStructural(schema: JSONSchemaProps, path: FieldPath): readonly FieldError[] {
  const errors = [...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)];
  return errors.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function textOf({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

export function isStructural(schema: JSONSchemaProps): boolean {
  return unstructurable(schema) === undefined && validateStructural(schema, FieldPath.root).length === 0;
}

function invariants(schema: JSONSchemaProps, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { properties = {}, additionalProperties } = schema;
  const items = itemSchema(schema);
  if (schema.type === 'array' && !items) errors.push(required(path.child('items'), 'must be specified'));
  if (items) errors.push(...invariants(items, 'item', path.child('items')));
  for (const [name, property] of Object.entries(properties)) {
    errors.push(...invariants(property, 'field', path.child('properties').key(name)));
  }
  if (additionalProperties !== undefined) {
    const at = path.child('additionalProperties');
    if (level === 'root') errors.push(forbidden(at, 'must not be used at the root'));
    if (typeof additionalProperties === 'object') errors.push(...invariants(additionalProperties, 'field', at));
  }
  const skip = { anyOf: isIntOrString(schema.anyOf), allOf: isIntOrString(schema.allOf?.[0]?.anyOf) };
  errors.push(
    ...extensionConflicts(schema, path),
    ...valueRules(schema, skip, level, path),
    ...typeRules(schema, level, path),
    ...metadataRules(schema, level, path),
  );
  return errors;
}

function extensionConflicts(schema: JSONSchemaProps, path: FieldPath): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  const both = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  return both
    .filter((name) => schema[name])
    .map((name) => invalid(path.child(name), true, 'must be false if x-kubernetes-int-or-string is true'));
}

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];

/** The one place where a type may stand inside of `anyOf`. */
function isIntOrString(anyOf: JSONSchemaProps['anyOf']): boolean {
  return anyOf !== undefined && deepEqual(anyOf, INT_OR_STRING);
}

const TYPE_MISSING: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function typeRules(schema: JSONSchemaProps, level: Level, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '', additionalProperties, properties } = schema;
  const isResource = schema['x-kubernetes-embedded-resource'] === true;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const at = path.child('type');
  if (isResource && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(at, text) : invalid(at, type, text));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !preserves) {
    errors.push(required(at, TYPE_MISSING[level]));
  }
  if (isResource && additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(path.child('additionalProperties'), text));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(at, type, 'must be object at the root'));
  if (isResource && !preserves && isEmpty(properties)) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(path.child('properties'), text));
  }
  return errors;
}

/** Type and metadata are what they are everywhere; only names may be narrowed at the root. */
function metadataRules(schema: JSONSchemaProps, level: Level, path: FieldPath): FieldError[] {
  const { properties = {} } = schema;
  const errors: FieldError[] = [];
  const checked = level === 'root' || schema['x-kubernetes-embedded-resource'] === true;
  for (const name of checked ? ['kind', 'apiVersion'] : []) {
    const property = own(properties, name);
    const at = path.child('properties').key(name).child('type');
    if (property && property.type !== 'string') errors.push(invalid(at, property.type ?? '', 'must be string'));
  }
  const metadata = own(properties, 'metadata');
  if (!metadata) return errors;
  const at = path.child('properties').key('metadata');
  if (checked && metadata.type !== 'object')
    errors.push(invalid(at.child('type'), metadata.type ?? '', 'must be object'));
  if (level === 'root' && saysMoreThanNames(metadata)) {
    const text = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(at, text));
  }
  return errors;
}

const HARMLESS: readonly string[] = ['type', 'default', 'properties'];

function saysMoreThanNames(metadata: JSONSchemaProps): boolean {
  if (Object.keys(metadata).some((keyword) => !HARMLESS.includes(keyword))) return true;
  return Object.keys(metadata.properties ?? {}).some((name) => name !== 'name' && name !== 'generateName');
}

function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

interface Skip {
  readonly anyOf: boolean;
  /** The `anyOf` of the first of `allOf`. */
  readonly allOf: boolean;
}

const SKIP_NOTHING: Skip = { anyOf: false, allOf: false };

function valueRules(schema: JSONSchemaProps, skip: Skip, level: Level, path: FieldPath): FieldError[] {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  const errors: FieldError[] = [];
  const each = (list: readonly JSONSchemaProps[], name: string, skipFirst = false): void => {
    list.forEach((one, index) => {
      const skipped = { anyOf: skipFirst && index === 0, allOf: false };
      errors.push(...nestedRules(one, skipped, level, path.child(name).index(index)));
    });
  };
  if (!skip.anyOf) each(anyOf, 'anyOf');
  each(allOf, 'allOf', skip.allOf);
  each(oneOf, 'oneOf');
  if (not) errors.push(...nestedRules(not, SKIP_NOTHING, level, path.child('not')));
  if (pattern) errors.push(...patternErrors(pattern, path.child('pattern')));
  return errors;
}

function patternErrors(pattern: string, path: FieldPath): FieldError[] {
  try {
    goRegexp(pattern);
    return [];
  } catch (error) {
    if (!(error instanceof GoRegexpError)) throw error;
    return [invalid(path, pattern, `must be a valid regular expression, but isn't: ${error.message}`)];
  }
}

/** What may not stand where values are only narrowed, and how messages put it. */
const NOT_NESTED: readonly (readonly [keyof JSONSchemaProps, 'empty' | 'undefined' | 'false'])[] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

function nestedRules(schema: JSONSchemaProps, skip: Skip, level: Level, path: FieldPath): FieldError[] {
  const errors = valueRules(schema, skip, level, path);
  const { properties = {} } = schema;
  const items = itemSchema(schema);
  if (items) errors.push(...nestedRules(items, SKIP_NOTHING, level, path.child('items')));
  for (const [name, property] of Object.entries(properties)) {
    errors.push(...nestedRules(property, SKIP_NOTHING, 'field', path.child('properties').key(name)));
  }
  for (const [name, must] of NOT_NESTED) {
    if (isSet(schema[name])) errors.push(forbidden(path.child(name), `must be ${must} to be structural`));
  }
  if (Object.hasOwn(properties, 'metadata')) {
    errors.push(forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context'));
  }
  return errors;
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== '' && value !== false;
}

/** Whatever values are narrowed has to be described where it stands. */
function completeness(
  nested: JSONSchemaProps,
  schema: JSONSchemaProps | undefined,
  path: FieldPath,
  nestedPath: FieldPath,
): FieldError[] {
  if (!schema) return [required(path, `because it is defined in ${nestedPath.toString()}`)];
  const errors: FieldError[] = [];
  if (nested.not) errors.push(...nestedCompleteness(nested.not, schema, path, nestedPath.child('not')));
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    (nested[name] ?? []).forEach((one, index) => {
      errors.push(...nestedCompleteness(one, schema, path, nestedPath.child(name).index(index)));
    });
  }
  return errors;
}

function nestedCompleteness(
  nested: JSONSchemaProps,
  schema: JSONSchemaProps | undefined,
  path: FieldPath,
  nestedPath: FieldPath,
): FieldError[] {
  if (!schema) return [required(path, `because it is defined in ${nestedPath.toString()}`)];
  const errors = completeness(nested, schema, path, nestedPath);
  const items = itemSchema(nested);
  if (items) {
    errors.push(...nestedCompleteness(items, itemSchema(schema), path.child('items'), nestedPath.child('items')));
  }
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const [at, nestedAt] = [path, nestedPath].map((one) => one.child('properties').key(name)) as [FieldPath, FieldPath];
    errors.push(...nestedCompleteness(property, own(schema.properties ?? {}, name), at, nestedAt));
  }
  return errors;
}

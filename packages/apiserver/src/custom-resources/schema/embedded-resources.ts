/**
 * Objects inside of objects have type and metadata as whole objects do.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta (v1.36)
 */
import {
  decodeJson,
  decodeObject,
  FieldPath,
  invalid,
  isDNS1035Label,
  isPathSegmentName,
  required,
  type FieldError,
  type ObjectMeta,
} from '@kts/apimachinery';
import { schemaOf, validateObjectMeta } from '@kts/api';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isObject, itemSchema, memberSchema } from './correlation.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface Coerced {
  /** Paths of metadata fields that are not known. */
  readonly unknown: readonly string[];
  readonly error?: string;
}

/** Metadata as Go would print it: without what is unknown or empty. */
export function coerceMetadata(value: unknown): { readonly metadata: object } & Coerced {
  const { object, unknown, error } = decodeObject(schemaOf(OBJECT_META), value);
  const ordered =
    unknown.length > 1 ? decodeJson(schemaOf(OBJECT_META), JSON.stringify(value), { strict: true }) : undefined;
  const names = ordered?.strictErrors.map((text) => text.replace(/^unknown field "(.*)"$/, '$1')) ?? unknown;
  return { metadata: object, unknown: names, ...(error === undefined ? {} : { error }) };
}

/** Brings the metadata of embedded resources into form, in place. `path` is where the value stands. */
export function coerceEmbedded(
  schema: JSONSchemaProps | undefined,
  value: unknown,
  path: FieldPath = FieldPath.root,
): Coerced & { readonly problem?: FieldError } {
  const unknown: string[] = [];
  const problem = coerce(schema, value, path, unknown);
  if (problem) return { unknown: [], error: `${problem.field}: ${problem.message}`, problem };
  return { unknown: unknown.sort() };
}

function coerce(
  schema: JSONSchemaProps | undefined,
  value: unknown,
  path: FieldPath,
  unknown: string[],
): FieldError | undefined {
  if (!schema) return undefined;
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    return firstOf(value, (item, index) => coerce(items, item, path.index(index), unknown));
  }
  if (!isObject(value)) return undefined;
  const fields = value as Record<string, unknown>;
  return firstOf(Object.keys(fields), (name) => {
    const problem = schema['x-kubernetes-embedded-resource'] && coerceMetaField(fields, name, path, unknown);
    if (problem) return problem;
    return coerce(memberSchema(schema, name), fields[name], memberPath(schema, path, name), unknown);
  });
}

function coerceMetaField(
  fields: Record<string, unknown>,
  name: string,
  path: FieldPath,
  unknown: string[],
): FieldError | undefined {
  if (name === 'apiVersion' || name === 'kind') {
    return typeof fields[name] === 'string' ? undefined : invalid(path.child(name), fields[name], 'must be a string');
  }
  if (name !== 'metadata') return undefined;
  const coerced = coerceMetadata(fields[name]);
  const at = path.child('metadata');
  if (coerced.error !== undefined) return invalid(at, fields[name], coerced.error);
  unknown.push(...coerced.unknown.map((field) => `${at.toString()}.${field}`));
  fields[name] = coerced.metadata;
  return undefined;
}

function firstOf<T>(
  items: readonly T[],
  look: (item: T, index: number) => FieldError | undefined,
): FieldError | undefined {
  for (const [index, item] of items.entries()) {
    const problem = look(item, index);
    if (problem) return problem;
  }
  return undefined;
}

export function memberPath({ properties }: JSONSchemaProps, path: FieldPath, name: string): FieldPath {
  return properties && Object.hasOwn(properties, name) ? path.child(name) : path.key(name);
}

/** Type and metadata of everything that a schema says is a resource; of the value itself too if `isRoot`. */
export function validateEmbedded(
  schema: JSONSchemaProps | undefined,
  value: unknown,
  path: FieldPath = FieldPath.root,
  isRoot = false,
): FieldError[] {
  if (isRoot) return validate({ ...schema, 'x-kubernetes-embedded-resource': true }, value, path);
  return schema ? validate(schema, value, path) : [];
}

function validate(schema: JSONSchemaProps, value: unknown, path: FieldPath): FieldError[] {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    return items ? value.flatMap((item, index) => validate(items, item, path.index(index))) : [];
  }
  if (!isObject(value)) return [];
  const errors = schema['x-kubernetes-embedded-resource'] ? validateResource(value, path) : [];
  for (const [name, item] of Object.entries(value)) {
    const member = memberSchema(schema, name);
    if (member) errors.push(...validate(member, item, memberPath(schema, path, name)));
  }
  return errors;
}

function validateResource(value: Readonly<Record<string, unknown>>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) if (!Object.hasOwn(value, name)) errors.push(required(path.child(name)));
  if (Object.hasOwn(value, 'apiVersion'))
    errors.push(...validateApiVersion(value['apiVersion'], path.child('apiVersion')));
  if (Object.hasOwn(value, 'kind')) errors.push(...validateKind(value['kind'], path.child('kind')));
  if (Object.hasOwn(value, 'metadata')) errors.push(...validateMetadata(value['metadata'], path));
  return errors;
}

function validateApiVersion(value: unknown, path: FieldPath): FieldError[] {
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')];
  if (value === '') return [invalid(path, value, 'must not be empty')];
  return value.split('/').length > 2 ? [invalid(path, value, `unexpected GroupVersion string: ${value}`)] : [];
}

function validateKind(value: unknown, path: FieldPath): FieldError[] {
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')];
  if (value === '') return [invalid(path, value, 'must not be empty')];
  const problems = isDNS1035Label(value.toLowerCase());
  const detail = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return problems.length > 0 ? [invalid(path, value, detail)] : [];
}

function validateMetadata(value: unknown, path: FieldPath): FieldError[] {
  const { metadata, error } = coerceMetadata(value);
  if (error !== undefined) return [invalid(path.child('metadata'), value, error)];
  const meta = metadata as ObjectMeta;
  const named = { ...meta, name: meta.name || 'fakename' };
  const rules = { namespaced: Boolean(meta.namespace), validateName: isPathSegmentName };
  const errors = validateObjectMeta(named, rules, path.child('metadata'));
  return errors.filter(({ field }) => !field.includes('.finalizers['));
}

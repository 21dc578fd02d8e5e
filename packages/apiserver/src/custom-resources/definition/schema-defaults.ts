/**
 * Defaults have to be what their schema wants, without unknown fields.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting/{validation,prune}.go (v1.36)
 */
import { deepEqual, type FieldError, type FieldPath, invalid } from '@kts/apimachinery';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { cloneJson } from '../../registry/object-draft.ts';
import { itemSchema } from '../schema/correlation.ts';
import { coerceEmbedded, validateEmbedded } from '../schema/embedded-resources.ts';
import { hasDefault, prune } from '../schema/prune.ts';
import { validateDefaultValue } from '../schema/validate-value.ts';
import { someSchema } from './schema-walk.ts';

/** Runs the rules of a schema on its default. */
export type CheckDefault = (schema: JSONSchemaProps, value: unknown, path: FieldPath, isRoot: boolean) => FieldError[];

export interface DefaultOptions {
  /** Whether unknown fields in defaults are an error. */
  readonly pruned: boolean;
  readonly checkRules: CheckDefault;
}

type Surround = (value: unknown) => unknown;

interface Place {
  readonly path: FieldPath;
  /** The innermost resource around, and how a value stands in it. */
  readonly root: JSONSchemaProps;
  readonly surround: Surround;
  readonly insideMeta: boolean;
}

const TYPE_META = { apiVersion: 'validation/v1', kind: 'Validation' };
const whole: Surround = (value) => ({ ...TYPE_META, ...(value as object) });

export function validateDefaults(schema: JSONSchemaProps, path: FieldPath, options: DefaultOptions): FieldError[] {
  const root = { ...schema, 'x-kubernetes-embedded-resource': true };
  return visit(root, { path, root, surround: whole, insideMeta: false }, options);
}

function visit(schema: JSONSchemaProps, outer: Place, options: DefaultOptions): FieldError[] {
  const isResource = schema['x-kubernetes-embedded-resource'] === true;
  const place = isResource ? { ...outer, root: schema, surround: whole, insideMeta: false } : outer;
  const { path, surround } = place;
  const errors = hasDefault(schema) ? validateDefault(schema, place, options) : [];
  const items = itemSchema(schema);
  if (items) {
    const inner = { ...place, path: path.child('items'), surround: (value: unknown) => surround([value]) };
    errors.push(...visit(items, inner, options));
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = isResource && ['metadata', 'apiVersion', 'kind'].includes(name);
    const inner = {
      ...place,
      path: path.child('properties').key(name),
      surround: (value: unknown) => surround({ [name]: value }),
      insideMeta: place.insideMeta || isMeta,
    };
    errors.push(...visit(property, inner, options));
  }
  return errors;
}

function validateDefault(schema: JSONSchemaProps, place: Place, options: DefaultOptions): FieldError[] {
  const path = place.path.child('default');
  const value = cloneJson(schema.default);
  if (place.insideMeta) return validateMetaDefault(schema, value, place, options);
  const isResource = schema['x-kubernetes-embedded-resource'] === true;
  const errors: FieldError[] = [];
  if (options.pruned && !isPruned(schema, value)) errors.push(invalid(path, value, 'must not have unknown fields'));
  const coerced = coerceEmbedded(schema, value, path);
  if (coerced.problem) return [...errors, coerced.problem];
  return [
    ...errors,
    ...firstErrors(
      () => validateEmbedded(schema, value, path, isResource),
      () => validateDefaultValue(schema, value, path),
      () => options.checkRules(schema, value, path, schema === place.root),
    ),
  ];
}

/** Defaults of parts of metadata are looked at as part of an object. */
function validateMetaDefault(
  schema: JSONSchemaProps,
  value: unknown,
  { path: at, root, surround }: Place,
  options: DefaultOptions,
): FieldError[] {
  const path = at.child('default');
  const object = surround(cloneJson(value));
  const resource = { ...root, 'x-kubernetes-embedded-resource': true };
  const wrong = (text: string): FieldError => invalid(path, value, `must result in valid metadata: ${text}`);
  const coerced = coerceEmbedded(resource, object);
  if (coerced.problem) return [wrong(coerced.error!)];
  const errors = validateEmbedded(resource, object, undefined, true);
  if (errors.length > 0) {
    const texts = errors.map(({ field, message }) => `${field}: ${message}`);
    return [wrong(texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`)];
  }
  return firstErrors(
    () => validateDefaultValue(schema, value, path),
    () => options.checkRules(schema, value, path, false),
  );
}

function firstErrors(...checks: readonly (() => FieldError[])[]): FieldError[] {
  for (const check of checks) {
    const errors = check();
    if (errors.length > 0) return errors;
  }
  return [];
}

function isPruned(schema: JSONSchemaProps, value: unknown): boolean {
  const copy = cloneJson(value);
  prune(schema, copy, schema['x-kubernetes-embedded-resource'] === true);
  return deepEqual(copy, value);
}

/** Whether a stored schema has defaults with unknown fields, which newer rules would refuse. */
export function hasUnprunedDefaults(schema: JSONSchemaProps): boolean {
  return someSchema(schema, (one) => hasDefault(one) && !isPruned(one, cloneJson(one.default)));
}

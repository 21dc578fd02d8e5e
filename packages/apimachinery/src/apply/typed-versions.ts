import type { JsonObject } from '../scalars.ts';
import type { ObjectSchema } from '../schema.ts';
import { compareObjects, type Comparison } from './compare-objects.ts';
import type { FieldSet } from './field-set.ts';
import { isTyped } from './typed-value.ts';

/**
 * What managed fields need to know of a kind. Owners may have written in other versions than that of the request, and
 * what they own is told in the fields of theirs.
 */
export interface ManagedType {
  /** Of the request, such as `apps/v1`; objects are given in this version. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
  /** Paths that writes through this endpoint do not own, such as `status`; by version where they differ. */
  readonly resetFields?: FieldSet | ((apiVersion: string) => FieldSet | undefined);
  /** Other versions of the kind. Absent: there are none. */
  readonly versions?: ManagedVersions;
}

export interface ManagedVersions {
  /** The schema of a version, or undefined if the kind has no such version (any more). */
  schema(apiVersion: string): ObjectSchema | undefined;
  convert(object: JsonObject, from: string, to: string): JsonObject;
}

export function schemaAt(type: ManagedType, apiVersion: string): ObjectSchema | undefined {
  return apiVersion === type.apiVersion ? type.schema : type.versions?.schema(apiVersion);
}

export function convertTo(type: ManagedType, object: JsonObject, from: string, to: string): JsonObject {
  return from === to || !type.versions ? object : type.versions.convert(object, from, to);
}

export function resetFieldsAt(type: ManagedType, apiVersion: string): FieldSet | undefined {
  return typeof type.resetFields === 'function' ? type.resetFields(apiVersion) : type.resetFields;
}

/** Compares two objects of the request's version in any version, each only once. */
export function versionedComparison(
  type: ManagedType,
  before: JsonObject,
  after: JsonObject,
): (apiVersion: string) => Comparison | undefined {
  const known = new Map<string, Comparison>();
  return (apiVersion) => {
    const schema = schemaAt(type, apiVersion);
    if (!schema) return undefined;
    let comparison = known.get(apiVersion);
    if (!comparison) {
      const left = convertTo(type, before, type.apiVersion, apiVersion);
      const right = convertTo(type, after, type.apiVersion, apiVersion);
      comparison = compareObjects(schema, left, right, resetFieldsAt(type, apiVersion));
      // Only custom objects may have values of other types than their fields: their validation comes later.
      const fits = schema.name !== '' || (isTyped(schema, left) && isTyped(schema, right));
      if (!fits) comparison = { ...comparison, untyped: true };
      known.set(apiVersion, comparison);
    }
    return comparison;
  };
}

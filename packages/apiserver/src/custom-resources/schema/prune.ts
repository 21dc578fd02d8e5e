/**
 * What a schema does not know is not kept. Changes values in place.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go and
 * .../schema/defaulting/prunenulls.go (v1.36)
 */
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { isObject, itemSchema, memberSchema } from './correlation.ts';

const META_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);
type Fields = Record<string, unknown>;

/**
 * Drops unknown fields; an object is pruned as the root of a resource if `isRoot`: type and metadata stay. Answers the
 * paths of what was dropped, sorted.
 */
export function prune(schema: JSONSchemaProps | undefined, value: unknown, isRoot: boolean): readonly string[] {
  const dropped: string[] = [];
  const root: JSONSchemaProps = isRoot ? { ...schema, 'x-kubernetes-embedded-resource': true } : (schema ?? {});
  pruneValue(isRoot || schema ? root : undefined, value, '', dropped);
  return dropped.sort();
}

function pruneValue(schema: JSONSchemaProps | undefined, value: unknown, path: string, dropped: string[]): void {
  const keeps = schema?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = schema && itemSchema(schema);
    value.forEach((item, index) => {
      const itemPath = `${path}[${index}]`;
      if (keeps && items) pruneKept(items, item, itemPath, dropped);
      else if (!keeps) pruneValue(items, item, itemPath, dropped);
    });
  } else if (isObject(value)) {
    pruneMembers(schema, value as Fields, { path, dropped, keeps });
  }
}

/** Below of what keeps unknown fields only what is described is looked at. */
function pruneKept(schema: JSONSchemaProps, value: unknown, path: string, dropped: string[]): void {
  if (Array.isArray(value)) {
    const items = itemSchema(schema);
    if (items) value.forEach((item, index) => pruneKept(items, item, `${path}[${index}]`, dropped));
  } else if (isObject(value)) {
    pruneMembers(schema, value as Fields, { path, dropped, keeps: true });
  }
}

function pruneMembers(
  schema: JSONSchemaProps | undefined,
  value: Fields,
  { path, dropped, keeps }: { readonly path: string; readonly dropped: string[]; readonly keeps: boolean },
): void {
  const isResource = schema?.['x-kubernetes-embedded-resource'] === true;
  for (const name of Object.keys(value)) {
    if (isResource && META_FIELDS.has(name)) continue;
    const memberPath = path === '' ? name : `${path}.${name}`;
    const member = schema && memberSchema(schema, name);
    if (member) pruneValue(member, value[name], memberPath, dropped);
    else if (schema?.additionalProperties) {
      if (!keeps) pruneValue(undefined, value[name], memberPath, dropped);
    } else if (!keeps) {
      if (schema === undefined || !META_FIELDS.has(name) || path !== '') dropped.push(memberPath);
      delete value[name];
    }
  }
}

/** Drops members that are null, may not be, and have no default. */
export function pruneNulls(schema: JSONSchemaProps | undefined, value: unknown): void {
  if (Array.isArray(value)) {
    const items = schema && itemSchema(schema);
    for (const item of value) pruneNulls(items, item);
  } else if (isObject(value)) {
    const fields = value as Fields;
    for (const name of Object.keys(fields)) {
      const member = schema && memberSchema(schema, name);
      if (fields[name] === null && member && !member.nullable && !hasDefault(member)) delete fields[name];
      else pruneNulls(member, fields[name]);
    }
  }
}

/** A default of null is none. */
export function hasDefault(schema: JSONSchemaProps): boolean {
  return schema.default !== undefined && schema.default !== null;
}

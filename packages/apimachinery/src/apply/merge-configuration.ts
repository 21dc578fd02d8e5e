import type { JsonObject, JsonValue } from '../scalars.ts';
import type { ObjectSchema } from '../schema.ts';
import { mergeObjects } from './merge-objects.ts';
import { isAssociative, isList, isMap, memberType, type Type } from './typed-value.ts';
import { problemsText, validateApplied } from './validate-applied.ts';

/** A configuration that cannot be laid over an object. The message is upstream's. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * The object with a configuration laid over it, as server-side apply does, but without anybody owning anything. Lists,
 * maps and structs that are replaced as a whole may not be part of it. Throws ConfigurationError.
 *
 * Mirrors: ApplyStructuredMergeDiff in
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go (v1.36)
 */
export function mergeConfiguration(schema: ObjectSchema, object: JsonObject, configuration: JsonObject): JsonObject {
  const problems = validateApplied(schema, configuration);
  if (problems.length > 0) {
    throw new ConfigurationError(`failed to convert patch object to typed object: ${problemsText(problems)}`);
  }
  const atomics = atomicPaths(schema, configuration, '');
  if (atomics.length > 0) {
    const text = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`;
    throw new ConfigurationError(`invalid ApplyConfiguration: ${text}`);
  }
  return mergeObjects(schema, object, configuration) as JsonObject;
}

/** Only declared fields are followed: values of maps are not looked into. */
function atomicPaths(type: Type, value: JsonValue, path: string): string[] {
  if (type === undefined || type.type === 'scalar') return [];
  if (type.type === 'list') {
    if (!isList(value)) return [];
    const own = isAssociative(type) ? [] : [path];
    return [...own, ...value.flatMap((item, index) => atomicPaths(type.items, item, `${path}[${index}]`))];
  }
  if (!isMap(value)) return [];
  const atomic = type.type === 'object' ? type.structType === 'atomic' : type.mapType === 'atomic';
  const members = Object.entries(value).flatMap(([name, member]) => {
    const { type: inner, declared } = memberType(type, name);
    return declared ? atomicPaths(inner, member, `${path}.${name}`) : [];
  });
  return atomic ? [path, ...members] : members;
}

import { hasSchema, schemaOf, type ResourceDefinition, type SubresourceDefinition } from '@kts/api';
import type { Schema } from '@kts/apimachinery';

import { capitalized, type Operation, type Parameter, type Place } from './operation.ts';

const METHODS: Readonly<Partial<Record<string, Operation['method']>>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
};
/** What a proxy takes beyond the methods that verbs have. */
const PROXY_METHODS: readonly Operation['method'][] = ['head', 'options'];

/** The operations of a subresource that is a connection, such as `pods/exec`. */
export function connectOperations(
  { kind }: ResourceDefinition,
  place: Place,
  { group, version, kind: optionsKind, name, verbs }: SubresourceDefinition,
): readonly Operation[] {
  const isProxy = name === 'proxy';
  const methods = [...verbs.flatMap((verb) => METHODS[verb] ?? []), ...(isProxy ? PROXY_METHODS : [])];
  const options = optionParameters(`io.k8s.api.core.${version}.${optionsKind}`);
  const suffix = `${place.scope}${kind}${capitalized(name)}`;
  const path = `${place.paths.item}/${name}`;
  return methods.flatMap((method) => {
    const operation: Operation = {
      path,
      method,
      id: `connect${place.prefix}${capitalized(method)}${suffix}`,
      action: 'connect',
      kind: { group, version, kind: optionsKind },
      parameters: [...place.itemParameters, ...options],
      responses: { 200: undefined },
      tag: place.tag,
      watchable: false,
    };
    if (!isProxy) return [operation];
    const below: Parameter = { name: 'path', in: 'path', type: 'string' };
    const parameters = [...place.itemParameters, below, ...options];
    return [operation, { ...operation, path: `${path}/{path}`, id: `${operation.id}WithPath`, parameters }];
  });
}

function optionParameters(type: string): readonly Parameter[] {
  if (!hasSchema(type)) return [];
  const fields = [...schemaOf(type).fields.values()];
  return fields
    .filter(({ name }) => name !== 'kind' && name !== 'apiVersion')
    .map(({ name, schema }): Parameter => ({ name, in: 'query', type: parameterType(schema) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parameterType(schema: Schema): Parameter['type'] {
  if (schema.type === 'list') return parameterType(schema.items);
  if (schema.type !== 'scalar') return 'string';
  if (schema.format === 'boolean') return 'boolean';
  return schema.format === 'int32' || schema.format === 'int64' ? 'integer' : 'string';
}

/**
 * The operations of a resource: paths, methods, parameters, bodies. Both versions of OpenAPI are written from these.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go (v1.36)
 */
import type { ResourceDefinition, SubresourceDefinition } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';

import type { KindName } from './schemas.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'boolean' | 'integer';
}

export interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly id: string;
  readonly action: string;
  readonly kind: KindName;
  readonly parameters: readonly Parameter[];
  /** Names of types; `patch` is any patch. */
  readonly body?: string;
  readonly responses: Readonly<Record<string, string | undefined>>;
  readonly tag: string;
  readonly watchable: boolean;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const query = (name: string, type: Parameter['type'] = 'string'): Parameter => ({ name, in: 'query', type });
const LIST = [
  query('allowWatchBookmarks', 'boolean'),
  query('continue'),
  query('fieldSelector'),
  query('labelSelector'),
  query('limit', 'integer'),
  query('resourceVersion'),
  query('resourceVersionMatch'),
  query('sendInitialEvents', 'boolean'),
  query('shardSelector'),
  query('timeoutSeconds', 'integer'),
  query('watch', 'boolean'),
];
const WRITE = [query('dryRun'), query('fieldManager'), query('fieldValidation')];
const DELETE = [
  query('dryRun'),
  query('gracePeriodSeconds', 'integer'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean'),
  query('orphanDependents', 'boolean'),
  query('propagationPolicy'),
];

export function operationsOf(definition: ResourceDefinition): readonly Operation[] {
  const { namespaced, plural, verbs } = definition;
  const names = namesOf(definition);
  const root = `/${definition.group ? 'apis' : 'api'}/${apiVersionOf(definition)}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const place: Parameter[] = namespaced ? [{ name: 'namespace', in: 'path', type: 'string' }] : [];
  const single: Parameter[] = [{ name: 'name', in: 'path', type: 'string' }, ...place];
  const type = definition.schema.name;
  const listType = type.slice(0, type.lastIndexOf('.') + 1) + definition.listKind;
  const scope = namespaced ? 'Namespaced' : '';
  const make = (operation: Omit<Operation, 'kind' | 'tag' | 'watchable'>, kind = names.kind): Operation => ({
    ...operation,
    kind,
    tag: names.tag,
    watchable: operation.action === 'list',
  });
  const item = `${collection}/{name}`;
  const id = (verb: string, suffix = ''): string => `${verb}${names.prefix}${scope}${definition.kind}${suffix}`;
  const operations: Operation[] = [];
  const add = (verb: string, operation: Omit<Operation, 'kind' | 'tag' | 'watchable'>): void => {
    if (verbs.includes(verb)) operations.push(make(operation));
  };
  const ok = { 200: type };
  const written = { 200: type, 201: type };
  const listId = id('list');
  add('list', {
    path: collection,
    method: 'get',
    id: listId,
    action: 'list',
    parameters: [...place, ...LIST],
    responses: { 200: listType },
  });
  add('create', {
    path: collection,
    method: 'post',
    id: id('create'),
    action: 'post',
    parameters: [...place, ...WRITE],
    body: type,
    responses: { ...written, 202: type },
  });
  add('deletecollection', {
    path: collection,
    method: 'delete',
    id: `delete${names.prefix}Collection${scope}${definition.kind}`,
    action: 'deletecollection',
    parameters: [...place, ...LIST.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...DELETE],
    body: `${META}DeleteOptions`,
    responses: { 200: `${META}Status` },
  });
  add('get', { path: item, method: 'get', id: id('read'), action: 'get', parameters: single, responses: ok });
  add('update', {
    path: item,
    method: 'put',
    id: id('replace'),
    action: 'put',
    parameters: [...single, ...WRITE],
    body: type,
    responses: written,
  });
  add('patch', {
    path: item,
    method: 'patch',
    id: id('patch'),
    action: 'patch',
    parameters: [...single, ...WRITE, query('force', 'boolean')],
    body: `${META}Patch`,
    responses: written,
  });
  add('delete', {
    path: item,
    method: 'delete',
    id: id('delete'),
    action: 'delete',
    parameters: [...single, ...DELETE],
    body: `${META}DeleteOptions`,
    responses: { 200: `${META}Status`, 202: `${META}Status` },
  });
  if (namespaced) {
    add('list', {
      path: `${root}/${plural}`,
      method: 'get',
      id: `list${names.prefix}${definition.kind}ForAllNamespaces`,
      action: 'list',
      parameters: LIST,
      responses: { 200: listType },
    });
  }
  for (const subresource of definition.subresources) {
    const suffix = capitalized(subresource.name);
    for (const verb of subresource.verbs) {
      const operation = subresourceOperation(definition, subresource, verb, `${item}/${subresource.name}`, single);
      if (!operation) continue;
      const named =
        operation.action === 'connect'
          ? `connect${names.prefix}${capitalized(operation.method)}${scope}${definition.kind}${suffix}`
          : id(operation.id, suffix);
      operations.push(make({ ...operation, id: named }, kindOf(subresource)));
    }
  }
  return operations;
}

type SubOperation = Omit<Operation, 'kind' | 'tag' | 'watchable'>;

function subresourceOperation(
  definition: ResourceDefinition,
  subresource: SubresourceDefinition,
  verb: string,
  path: string,
  parameters: readonly Parameter[],
): SubOperation | undefined {
  const type = typeOfSubresource(definition, subresource);
  const written = { 200: type, 201: type };
  if (subresource.connect) {
    if (verb !== 'get' && verb !== 'create') return undefined;
    const method = verb === 'get' ? 'get' : 'post';
    return { path, method, id: '', action: 'connect', parameters, responses: { 200: undefined } };
  }
  const withOptions = [...parameters, ...WRITE];
  switch (verb) {
    case 'get':
      return { path, method: 'get', id: 'read', action: 'get', parameters, responses: { 200: type } };
    case 'create':
      return {
        path,
        method: 'post',
        id: 'create',
        action: 'post',
        parameters: withOptions,
        body: type,
        responses: { ...written, 202: type },
      };
    case 'update':
      return {
        path,
        method: 'put',
        id: 'replace',
        action: 'put',
        parameters: withOptions,
        body: type,
        responses: written,
      };
    case 'patch':
      return {
        path,
        method: 'patch',
        id: 'patch',
        action: 'patch',
        parameters: [...withOptions, query('force', 'boolean')],
        body: `${META}Patch`,
        responses: written,
      };
    default:
      return undefined;
  }
}

/** The type of a subresource's objects: the resource's own, or one in the package of its group and version. */
export function typeOfSubresource(definition: ResourceDefinition, subresource: SubresourceDefinition): string {
  if (subresource.kind === definition.kind) return definition.schema.name;
  const group = subresource.group === '' ? 'core' : subresource.group.split('.')[0]!;
  return `io.k8s.api.${group}.${subresource.version}.${subresource.kind}`;
}

function kindOf({ group, version, kind }: SubresourceDefinition): KindName {
  return { group, version, kind };
}

function namesOf({ group, version, kind }: ResourceDefinition) {
  const parts = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/);
  const prefix = [...parts, version].map(capitalized).join('');
  const tag = `${parts[0]!}${parts.slice(1).map(capitalized).join('')}_${version}`;
  return { prefix, tag, kind: { group, version, kind } satisfies KindName };
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

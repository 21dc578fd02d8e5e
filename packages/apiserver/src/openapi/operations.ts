/**
 * The operations of a resource: paths, methods, parameters, bodies. Both versions of OpenAPI are written from these.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go (v1.36)
 */
import type { ResourceDefinition, SubresourceDefinition } from '@kts/api';
import { apiVersionOf } from '@kts/apimachinery';

import { customTypeName } from './custom-schemas.ts';
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

/** What one verb is over HTTP. */
interface VerbTemplate {
  readonly verb: string;
  /** The collection, one object of it, or the collections of all namespaces. */
  readonly at: 'collection' | 'item' | 'everywhere';
  readonly method: Operation['method'];
  readonly action: string;
  /** `<id><GroupVersion>[Namespaced]<Kind>`. */
  readonly id: string;
  readonly query: readonly Parameter[];
  readonly body?: 'object' | 'patch' | 'options';
  readonly answers: readonly number[];
  readonly answer: 'object' | 'list' | 'status';
}

const COLLECTION_DELETE = [...LIST.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...DELETE];
const PATCH = [...WRITE, query('force', 'boolean')];

function template(
  verb: string,
  at: VerbTemplate['at'],
  method: Operation['method'],
  id: string,
  rest: Pick<VerbTemplate, 'query' | 'answers' | 'answer' | 'body'> & { readonly action?: string },
): VerbTemplate {
  return { verb, at, method, id, action: method, ...rest };
}

const VERBS: readonly VerbTemplate[] = [
  template('list', 'collection', 'get', 'list', { action: 'list', query: LIST, answers: [200], answer: 'list' }),
  template('create', 'collection', 'post', 'create', {
    query: WRITE,
    body: 'object',
    answers: [200, 201, 202],
    answer: 'object',
  }),
  template('deletecollection', 'collection', 'delete', 'delete', {
    action: 'deletecollection',
    query: COLLECTION_DELETE,
    body: 'options',
    answers: [200],
    answer: 'status',
  }),
  template('get', 'item', 'get', 'read', { query: [], answers: [200], answer: 'object' }),
  template('update', 'item', 'put', 'replace', { query: WRITE, body: 'object', answers: [200, 201], answer: 'object' }),
  template('patch', 'item', 'patch', 'patch', { query: PATCH, body: 'patch', answers: [200, 201], answer: 'object' }),
  template('delete', 'item', 'delete', 'delete', {
    query: DELETE,
    body: 'options',
    answers: [200, 202],
    answer: 'status',
  }),
  template('list', 'everywhere', 'get', 'list', { action: 'list', query: LIST, answers: [200], answer: 'list' }),
];

export function operationsOf(definition: ResourceDefinition): readonly Operation[] {
  const place = placeOf(definition);
  const own = VERBS.filter(
    ({ verb, at }) => definition.verbs.includes(verb) && (at !== 'everywhere' || definition.namespaced),
  ).map((verb) => verbOperation(definition, place, verb));
  const below = definition.subresources.flatMap((subresource) =>
    subresource.verbs.flatMap((verb) => subresourceOperation(definition, place, subresource, verb) ?? []),
  );
  return [...own, ...below];
}

/** Where a resource is, and what its operations are called. */
interface Place {
  readonly paths: Readonly<Record<VerbTemplate['at'], string>>;
  readonly collectionParameters: readonly Parameter[];
  readonly itemParameters: readonly Parameter[];
  /** `CoreV1`. */
  readonly prefix: string;
  /** `Namespaced`, or nothing. */
  readonly scope: string;
  /** `core_v1`. */
  readonly tag: string;
}

function placeOf({ group, version, namespaced, plural }: ResourceDefinition): Place {
  const root = `/${group ? 'apis' : 'api'}/${apiVersionOf({ group, version })}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const collectionParameters: Parameter[] = namespaced ? [{ name: 'namespace', in: 'path', type: 'string' }] : [];
  const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split(/[.-]/);
  return {
    paths: { collection, item: `${collection}/{name}`, everywhere: `${root}/${plural}` },
    collectionParameters,
    itemParameters: [{ name: 'name', in: 'path', type: 'string' }, ...collectionParameters],
    prefix: [...words, version].map(capitalized).join(''),
    scope: namespaced ? 'Namespaced' : '',
    tag: `${words[0]!}${words.slice(1).map(capitalized).join('')}_${version}`,
  };
}

function verbOperation(definition: ResourceDefinition, place: Place, verb: VerbTemplate): Operation {
  const { group, version, kind, listKind } = definition;
  const type = typeOf(definition);
  const listType = type.slice(0, type.lastIndexOf('.') + 1) + listKind;
  const answer = { object: type, list: listType, status: `${META}Status` }[verb.answer];
  const bodies = { object: type, patch: `${META}Patch`, options: `${META}DeleteOptions` };
  const fixed = { collection: place.collectionParameters, item: place.itemParameters, everywhere: [] }[verb.at];
  const collection = verb.verb === 'deletecollection' ? 'Collection' : '';
  return {
    path: place.paths[verb.at],
    method: verb.method,
    id:
      verb.at === 'everywhere'
        ? `${verb.id}${place.prefix}${kind}ForAllNamespaces`
        : `${verb.id}${place.prefix}${collection}${place.scope}${kind}`,
    action: verb.action,
    kind: { group, version, kind },
    parameters: [...fixed, ...verb.query],
    ...(verb.body ? { body: bodies[verb.body] } : {}),
    responses: Object.fromEntries(verb.answers.map((code) => [code, answer])),
    tag: place.tag,
    watchable: verb.action === 'list',
  };
}

function subresourceOperation(
  definition: ResourceDefinition,
  place: Place,
  subresource: SubresourceDefinition,
  verb: string,
): Operation | undefined {
  const { group, version, kind, name } = subresource;
  const suffix = `${place.scope}${definition.kind}${capitalized(name)}`;
  const common = {
    path: `${place.paths.item}/${name}`,
    kind: { group, version, kind },
    tag: place.tag,
    watchable: false,
  };
  if (subresource.connect) {
    if (verb !== 'get' && verb !== 'create') return undefined;
    const method = verb === 'get' ? 'get' : 'post';
    const id = `connect${place.prefix}${capitalized(method)}${suffix}`;
    return {
      ...common,
      method,
      id,
      action: 'connect',
      parameters: place.itemParameters,
      responses: { 200: undefined },
    };
  }
  const like = VERBS.find((candidate) => candidate.verb === verb);
  if (!like || like.answer !== 'object') return undefined;
  const type = typeOfSubresource(definition, subresource);
  return {
    ...common,
    method: like.method,
    id: `${like.id}${place.prefix}${suffix}`,
    action: like.action,
    parameters: [...place.itemParameters, ...like.query],
    ...(like.body ? { body: like.body === 'patch' ? `${META}Patch` : type } : {}),
    responses: Object.fromEntries(like.answers.map((code) => [code, type])),
  };
}

/** The name of the type of a resource's objects. */
export function typeOf(definition: ResourceDefinition): string {
  return definition.schema.name || customTypeName(definition, definition.kind);
}

/** The type of a subresource's objects: the resource's own, or one in the package of its group and version. */
export function typeOfSubresource(definition: ResourceDefinition, subresource: SubresourceDefinition): string {
  const ownVersion = subresource.group === definition.group && subresource.version === definition.version;
  if (subresource.kind === definition.kind && ownVersion) return typeOf(definition);
  const group = subresource.group === '' ? 'core' : subresource.group.split('.')[0]!;
  return `io.k8s.api.${group}.${subresource.version}.${subresource.kind}`;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The operations of a resource: paths, methods, parameters, bodies. Both versions of OpenAPI are written from these.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/installer.go (v1.36)
 */
import type { ResourceDefinition, SubresourceDefinition } from '@kts/api';

import { returnsDeleted } from '../registry/deleted-answer.ts';
import { connectOperations } from './connect-operations.ts';
import { customTypeName } from './custom-schemas.ts';
import { capitalized, placeOf, type Operation, type Parameter, type Place } from './operation.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const query = (name: string, type: Parameter['type'] = 'string'): Parameter => ({ name, in: 'query', type });
const PRETTY = query('pretty');
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
  /** `deleted`: the object where deletions are answered with it, else a status. */
  readonly answer: 'object' | 'list' | 'status' | 'deleted';
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
    answer: 'deleted',
  }),
  template('list', 'everywhere', 'get', 'list', { action: 'list', query: LIST, answers: [200], answer: 'list' }),
];

export function operationsOf(definition: ResourceDefinition): readonly Operation[] {
  const place = placeOf(definition);
  const own = VERBS.filter(
    ({ verb, at }) => definition.verbs.includes(verb) && (at !== 'everywhere' || definition.namespaced),
  ).map((verb) => verbOperation(definition, place, verb));
  const below = definition.subresources.flatMap((subresource) =>
    subresource.connect
      ? connectOperations(definition, place, subresource)
      : subresource.verbs.flatMap((verb) => subresourceOperation(definition, place, subresource, verb) ?? []),
  );
  return [...own, ...below, ...watchOperations(definition, place)];
}

/** Watches by path, as they were before there was a parameter. */
function watchOperations(definition: ResourceDefinition, place: Place): readonly Operation[] {
  const { group, version, kind, namespaced, schema, verbs } = definition;
  if (!verbs.includes('watch') || schema.name === '') return [];
  const watch = (at: VerbTemplate['at'], id: string, fixed: readonly Parameter[]): Operation => ({
    path: place.paths[at].replace(place.root, `${place.root}/watch`),
    method: 'get',
    id: `watch${place.prefix}${id}`,
    action: at === 'item' ? 'watch' : 'watchlist',
    kind: { group, version, kind },
    parameters: [...fixed, PRETTY, ...LIST],
    responses: { 200: `${META}WatchEvent` },
    tag: place.tag,
    watchable: true,
  });
  return [
    watch('collection', `${place.scope}${kind}List`, place.collectionParameters),
    watch('item', `${place.scope}${kind}`, place.itemParameters),
    ...(namespaced ? [watch('everywhere', `${kind}ListForAllNamespaces`, [])] : []),
  ];
}

function verbOperation(definition: ResourceDefinition, place: Place, verb: VerbTemplate): Operation {
  const { group, version, kind, listKind } = definition;
  const type = typeOf(definition);
  const listType = type.slice(0, type.lastIndexOf('.') + 1) + listKind;
  const deleted = returnsDeleted(definition) ? type : `${META}Status`;
  const answer = { object: type, list: listType, status: `${META}Status`, deleted }[verb.answer];
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
    parameters: [...fixed, PRETTY, ...verb.query],
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
  const like = VERBS.find((candidate) => candidate.verb === verb);
  if (!like || like.answer !== 'object') return undefined;
  const type = typeOfSubresource(definition, subresource);
  const isText = definition.plural === 'pods' && name === 'log';
  return {
    ...common,
    method: like.method,
    id: `${like.id}${place.prefix}${suffix}`,
    action: like.action,
    parameters: [...place.itemParameters, PRETTY, ...like.query],
    ...(like.body ? { body: like.body === 'patch' ? `${META}Patch` : type } : {}),
    ...(isText ? { text: true } : {}),
    responses: Object.fromEntries(like.answers.map((code) => [code, isText ? undefined : type])),
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

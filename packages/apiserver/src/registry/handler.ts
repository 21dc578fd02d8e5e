import { failure, methodNotSupported, notFound } from '@kts/apimachinery';
import type { ResourceDefinition, SubresourceDefinition } from '@kts/api';

import { noSuchResource, pageNotFound } from '../routing/not-found.ts';
import type { ApiServerRequest } from '../request.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
import type { SubresourceHandler } from '../subresources/subresource.ts';
import { createResource } from './create.ts';
import { deleteCollection } from './delete-collection.ts';
import { deleteResource } from './delete.ts';
import type { Registry } from './deps.ts';
import { getResource } from './get.ts';
import { listResource } from './list.ts';
import { patchResource } from './patch.ts';
import { checkPatchRoute } from './patch-body.ts';
import { addWarnings, type RequestScope } from './request-scope.ts';
import { updateResource } from './update.ts';
import { watchResource } from './watch.ts';

type Verb = (scope: RequestScope) => Promise<ApiServerResponse>;

const VERBS: Readonly<Record<string, Verb>> = {
  get: getResource,
  list: listResource,
  watch: watchResource,
  create: createResource,
  update: updateResource,
  patch: patchResource,
  delete: deleteResource,
  deletecollection: deleteCollection,
};

/** Handlers of resources that are not stored, and of subresources, by `plural` or `plural/subresource` and group. */
export interface SpecialHandlers {
  /** `tokenreviews.authentication.k8s.io`, `pods/log`, `deployments.apps/scale`. */
  find(definition: ResourceDefinition, subresource: string): SubresourceHandler | undefined;
}

/** Answers every request about a resource. */
export function registryHandler(registry: Registry, special: SpecialHandlers): Handler {
  return (request) => {
    const { resource: definition, info } = request;
    if (!definition) throw notFound({ group: info.group, plural: info.resource }, info.name);
    if (!hasPath(definition, request)) {
      if (!isCustom(definition)) throw noSuchResource();
      if (!hasScope(definition, request)) return Promise.resolve(pageNotFound());
      throw notFound(definition, info.name);
    }
    const handler = special.find(definition, info.subresource);
    const verb = handler ?? VERBS[info.verb];
    if (!verb || !supports(definition, request)) {
      if (info.verb === 'watch' && request.method === 'GET' && definition.verbs.includes('list')) {
        // A watch is a way to list: the endpoint is there, and refuses it itself.
        addWarnings({ request }, deprecations(definition));
        throw methodNotSupported(definition, 'watch');
      }
      throw failure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
    }
    const scope = scopeOf(registry, definition, request);
    if (info.verb === 'patch' && !connectionOf(definition, request)) checkPatchRoute(scope);
    addWarnings({ request }, deprecations(definition));
    return verb(scope);
  };
}

/** Whether a custom resource is asked for where it is: in a namespace, or in none. */
function hasScope(definition: ResourceDefinition, { info }: ApiServerRequest): boolean {
  if (!definition.namespaced) return info.namespace === '';
  return info.namespace !== '' || info.verb === 'list' || info.verb === 'watch';
}

/** Whether the server has the path at all, for whatever method. */
function hasPath(definition: ResourceDefinition, { info }: ApiServerRequest): boolean {
  if (!definition.namespaced && info.namespace !== '' && definition.plural !== 'namespaces') return false;
  if (info.subresource !== '') {
    const found = definition.subresources.find(({ name }) => name === info.subresource);
    return found !== undefined && (info.parts.length <= 3 || takesPath(found));
  }
  if (info.parts.length < 2)
    return !definition.namespaced || info.namespace !== '' || definition.verbs.includes('list');
  if (definition.namespaced && info.namespace === '') return false;
  return definition.verbs.some((verb) => NAMED_VERBS.has(verb));
}

/** Only proxies know what comes after them. */
function takesPath({ name, connect }: SubresourceDefinition): boolean {
  return connect === true && name === 'proxy';
}

/** One route serves all paths of custom resources, so their endpoints are reached even if a name is missing. */
function isCustom({ schema }: ResourceDefinition): boolean {
  return schema.name === '';
}

const NAMED_ONLY: ReadonlySet<string> = new Set(['update', 'patch']);
const NAMED_VERBS: ReadonlySet<string> = new Set(['get', 'update', 'patch', 'delete']);
const STREAM_METHODS: ReadonlySet<string> = new Set(['GET', 'POST']);

function supports(definition: ResourceDefinition, { info, method }: ApiServerRequest): boolean {
  const { verb, subresource } = info;
  const connection = connectionOf(definition, { info });
  if (connection) return takesPath(connection) || STREAM_METHODS.has(method);
  if (method === 'HEAD' || (verb === 'watch' && method !== 'GET')) return false;
  if (subresource !== '') {
    return definition.subresources.find(({ name }) => name === subresource)?.verbs.includes(verb) === true;
  }
  const named = info.parts.length > 1;
  if ((named ? verb === 'create' : NAMED_ONLY.has(verb)) && !isCustom(definition)) return false;
  if (definition.namespaced && info.namespace === '' && verb !== 'list' && verb !== 'watch') return false;
  return definition.verbs.includes(verb);
}

/** The subresource that is asked for, if it passes requests on to something else. */
function connectionOf(
  { subresources }: ResourceDefinition,
  { info }: Pick<ApiServerRequest, 'info'>,
): SubresourceDefinition | undefined {
  return subresources.find(({ name, connect }) => connect === true && name === info.subresource);
}

/** What clients are told about kinds that they should move away from. */
function deprecations({ group, plural, deprecation }: ResourceDefinition): readonly string[] {
  if (deprecation !== undefined) return [deprecation];
  if (group !== '') return [];
  if (plural === 'endpoints') {
    return ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'];
  }
  return plural === 'componentstatuses' ? ['v1 ComponentStatus is deprecated in v1.19+'] : [];
}

export function scopeOf(registry: Registry, definition: ResourceDefinition, request: ApiServerRequest): RequestScope {
  const { info } = request;
  return {
    registry,
    request,
    definition,
    storage: registry.storages.of(definition),
    namespace: definition.namespaced ? info.namespace : '',
    name: info.name,
    subresource: info.subresource,
  };
}

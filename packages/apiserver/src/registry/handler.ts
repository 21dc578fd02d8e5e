import { failure, notFound } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';

import { noSuchResource } from '../routing/not-found.ts';
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
import type { RequestScope } from './request-scope.ts';
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
    if (!definition.namespaced && info.namespace !== '' && definition.plural !== 'namespaces') throw noSuchResource();
    const handler = special.find(definition, info.subresource);
    if (handler) return handler(scopeOf(registry, definition, request));
    if (info.subresource !== '' && !isPartOf(definition, info.subresource)) throw noSuchResource();
    const verb = VERBS[info.verb];
    if (!verb || !supports(definition, info.subresource, info.verb)) {
      throw failure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
    }
    return verb(scopeOf(registry, definition, request));
  };
}

/** Endpoints that read and write a part of the object itself. */
function isPartOf(definition: ResourceDefinition, subresource: string): boolean {
  return definition.subresources.some(({ name, connect, kind }) => {
    return name === subresource && !connect && kind === definition.kind;
  });
}

function supports(definition: ResourceDefinition, subresource: string, verb: string): boolean {
  if (subresource === '') return definition.verbs.includes(verb);
  return definition.subresources.find(({ name }) => name === subresource)?.verbs.includes(verb) ?? false;
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

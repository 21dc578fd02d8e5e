import type { ResourceDefinition } from '@kts/api';

import { createAttributes } from '../registry/create.ts';
import { decodeBody } from '../registry/decode-body.ts';
import type { Registry } from '../registry/deps.ts';
import { ensureNamespace } from '../registry/ensure-namespace.ts';
import { scopeOf } from '../registry/handler.ts';
import { trackUpdate } from '../registry/managed-fields.ts';
import { objectResponse } from '../registry/respond.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import { managerOf, parseWriteOptions } from '../registry/write-options.ts';
import type { ApiServerResponse, Handler } from '../response.ts';
import { methodNotAllowed, noSuchResource } from '../routing/not-found.ts';
import type { Review } from './access-reviews.ts';

const REVIEW_GROUPS: ReadonlySet<string> = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/** Answers kinds that are questions, and leaves all other resources to the registry. */
export function answeringReviews(
  reviews: Readonly<Record<string, Review>>,
  registry: Registry,
  others: Handler,
): Handler {
  return (request) => {
    const definition = request.resource;
    const review = definition && REVIEW_GROUPS.has(definition.group) ? reviews[definition.kind] : undefined;
    if (!definition || !review) return others(request);
    return createReview(scopeOf(registry, definition, request), definition, review);
  };
}

/** A review goes the way of every object up to the store, where it is answered instead of kept. */
async function createReview(
  scope: RequestScope,
  definition: ResourceDefinition,
  review: Review,
): Promise<ApiServerResponse> {
  const { request, registry } = scope;
  if (request.info.parts.length > 1) throw noSuchResource();
  if (request.info.verb !== 'create') throw methodNotAllowed();
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const draft = await decodeBody(scope, definition, options.fieldValidation);
  ensureNamespace(definition, draft, scope.namespace);
  trackUpdate(scope, undefined, draft, managerOf(options.fieldManager, request.headers['user-agent']));
  const attributes = createAttributes(scope, draft, scope.namespace, options);
  await registry.admission.admit(attributes);
  await registry.admission.validate(attributes);
  const context = { user: request.user, namespace: scope.namespace, now: registry.clock.now() };
  return objectResponse(201, await review(draft as never, context));
}

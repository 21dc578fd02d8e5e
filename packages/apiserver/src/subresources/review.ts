import type { Review } from '../authorization/access-reviews.ts';
import { objectResponse } from '../registry/respond.ts';
import { readSent } from './read-draft.ts';
import type { SubresourceHandler } from './subresource.ts';

/** POST of a question that is answered and not stored. */
export function reviewHandler(review: Review): SubresourceHandler {
  return async (scope) => {
    const { draft, attributes } = await readSent(scope, scope.definition);
    await scope.registry.admission.validate(attributes);
    const context = { user: scope.request.user, namespace: scope.namespace, now: scope.registry.clock.now() };
    return objectResponse(201, await review(draft as never, context));
  };
}

/**
 * Lets a request through if its user may do what it asks, or answers 403.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authorization.go (v1.36)
 */
import { forbiddenError, type Authorizer } from '../authorization/authorizer.ts';
import type { Stage } from '../response.ts';

export const authorizationStage =
  (authorizer: Authorizer): Stage =>
  (next) =>
  (request) => {
    const result = authorizer.authorize(request.user, request.info);
    if (result.decision === 'allow') return next(request);
    return Promise.reject(forbiddenError(request.user, request.info, result.reason));
  };

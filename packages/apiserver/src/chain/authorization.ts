/**
 * Lets a request through if its user may do what it asks, or answers 403.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authorization.go (v1.36)
 */
import { forbiddenError, type Authorizer } from '../authorization/authorizer.ts';
import type { Stage } from '../response.ts';

const DECISION = 'authorization.k8s.io/decision';
const REASON = 'authorization.k8s.io/reason';

/** `annotates`: somebody records why a request was let through or not. */
export const authorizationStage =
  (authorizer: Authorizer, annotates = false): Stage =>
  (next) =>
  (request) => {
    const result = authorizer.authorize(request.user, request.info);
    if (annotates) {
      const decision = result.decision === 'allow' ? 'allow' : 'forbid';
      request.auditAnnotations = { ...request.auditAnnotations, [DECISION]: decision, [REASON]: result.reason ?? '' };
    }
    if (result.decision === 'allow') return next(request);
    return Promise.reject(forbiddenError(request.user, request.info, result.reason));
  };

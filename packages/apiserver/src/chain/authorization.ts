/**
 * Lets a request through if its user may do what it asks, or answers 403.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/authorization.go (v1.36)
 */
import { forbiddenError, type Authorizer } from '../authorization/authorizer.ts';
import type { Stage } from '../response.ts';

const DECISION = 'authorization.k8s.io/decision';
const REASON = 'authorization.k8s.io/reason';

export interface AuthorizationOptions {
  readonly authorizer: Authorizer;
  /** Somebody records why a request was let through or not. */
  readonly annotates?: boolean;
  /** Told of every decision about a client outside of this process, for metrics. */
  readonly onDecision?: (allowed: boolean) => void;
}

export const authorizationStage =
  ({ authorizer, annotates = false, onDecision }: AuthorizationOptions): Stage =>
  (next) =>
  (request) => {
    const result = authorizer.authorize(request.user, request.info);
    if (request.connection.kind === 'http') onDecision?.(result.decision === 'allow');
    if (annotates) {
      const decision = result.decision === 'allow' ? 'allow' : 'forbid';
      request.auditAnnotations = { ...request.auditAnnotations, [DECISION]: decision, [REASON]: result.reason ?? '' };
    }
    if (result.decision === 'allow') return next(request);
    return Promise.reject(forbiddenError(request.user, request.info, result.reason));
  };

import { accessReviews, type Review } from './authorization/access-reviews.ts';
import {
  authorizerOf,
  DEFAULT_MODES,
  ruleResolverOf,
  type AuthorizationMode,
} from './authorization/authorization-modes.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import { escalationChecks, type EscalationChecks } from './authorization/escalation.ts';
import { followNodeReferences } from './authorization/follow-nodes.ts';
import { followRbac } from './authorization/follow-rbac.ts';
import { NodeReferences } from './authorization/node-references.ts';
import { RbacRules } from './authorization/rbac-rules.ts';
import { nodeRules } from './bootstrap/rbac-policy.ts';
import type { FollowerOptions, ObjectFollower } from './follow/object-follower.ts';

/** Everything about who may do what. */
export interface ServerAuthorization {
  readonly authorizer: Authorizer;
  readonly escalation: EscalationChecks;
  readonly reviews: Readonly<Record<string, Review>>;
  /** What keeps the decisions up with the stored objects. */
  followers(deps: Pick<FollowerOptions<never>, 'ask' | 'clock' | 'log'>): readonly ObjectFollower[];
}

export function createAuthorization(modes: readonly AuthorizationMode[] = DEFAULT_MODES): ServerAuthorization {
  const rules = new RbacRules();
  const references = new NodeReferences();
  const authorizer = authorizerOf(modes, { rules, references, nodeRules });
  return {
    authorizer,
    escalation: escalationChecks(authorizer, rules),
    reviews: accessReviews(authorizer, ruleResolverOf(modes, rules)),
    followers: (deps) => [...followRbac(rules, deps), ...followNodeReferences(references, deps)],
  };
}

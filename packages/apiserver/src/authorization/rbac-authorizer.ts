/**
 * Decides by roles and bindings.
 *
 * Mirrors: plugin/pkg/auth/authorizer/rbac/rbac.go (v1.36)
 */
import type { AuthorizationResult, Authorizer } from './authorizer.ts';
import { NO_OPINION } from './authorizer.ts';
import type { RbacRules } from './rbac-rules.ts';
import { ruleAllows } from './rule-matching.ts';

export function rbacAuthorizer(rules: RbacRules): Authorizer {
  return {
    authorize(user, attributes): AuthorizationResult {
      const problems: string[] = [];
      for (const source of rules.sourcesFor(user, attributes.namespace)) {
        if (!source.rules) {
          problems.push(source.problem());
          continue;
        }
        for (const rule of source.rules) {
          if (ruleAllows(rule, attributes)) return allowedBy(source.describe);
        }
      }
      return problems.length === 0 ? NO_OPINION : { decision: 'no-opinion', reason: `RBAC: ${aggregate(problems)}` };
    },
  };
}

/** The reason is for reviews only: most requests never look at it. */
function allowedBy(describe: () => string): AuthorizationResult {
  return {
    decision: 'allow',
    get reason() {
      return `RBAC: allowed by ${describe()}`;
    },
  };
}

/** Several errors as Go shows them: each once, in brackets if there is more than one. */
export function aggregate(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}

/** Members of `system:masters` may do anything: the way in when every role has gone. */
export const mastersAuthorizer: Authorizer = {
  authorize: (user) => (user.groups.includes('system:masters') ? MASTER : NO_OPINION),
};

const MASTER: AuthorizationResult = { decision: 'allow', reason: '' };

/**
 * Which requests are recorded, and how much of them.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go (v1.36)
 */
import type { AuthorizationAttributes } from '../authorization/authorizer.ts';
import type { UserInfo } from '../request.ts';

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** `kind: Policy` of `audit.k8s.io/v1`. The first rule that matches decides; without one nothing is recorded. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly AuditResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

interface AuditResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

export function decideAudit(policy: AuditPolicy, user: UserInfo, attributes: AuthorizationAttributes): AuditDecision {
  const rule = policy.rules.find((candidate) => matches(candidate, user, attributes));
  return {
    level: rule?.level ?? 'None',
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: AuditRule, user: UserInfo, attributes: AuthorizationAttributes): boolean {
  if (rule.users?.length && !rule.users.includes(user.name)) return false;
  if (rule.userGroups?.length && !user.groups.some((group) => rule.userGroups!.includes(group))) return false;
  if (rule.verbs?.length && !rule.verbs.includes(attributes.verb)) return false;
  if (rule.namespaces?.length || rule.resources?.length) return matchesResource(rule, attributes);
  if (!rule.nonResourceURLs?.length) return true;
  return !attributes.isResourceRequest && rule.nonResourceURLs.some((pattern) => matchesPath(attributes.path, pattern));
}

function matchesResource(rule: AuditRule, attributes: AuthorizationAttributes): boolean {
  if (!attributes.isResourceRequest) return false;
  if (rule.namespaces?.length && !rule.namespaces.includes(attributes.namespace)) return false;
  if (!rule.resources?.length) return true;
  return rule.resources.some((selected) => {
    const group = selected.group ?? '';
    if (group !== '*' && group !== attributes.group) return false;
    if (!selected.resources?.length) return true;
    if (selected.resourceNames?.length && !selected.resourceNames.includes(attributes.name)) return false;
    return selected.resources.some((pattern) => matchesPattern(attributes, pattern));
  });
}

function matchesPattern({ resource, subresource }: AuthorizationAttributes, pattern: string): boolean {
  if (pattern === '*' || pattern === (subresource ? `${resource}/${subresource}` : resource)) return true;
  if (subresource && pattern === `*/${subresource}`) return true;
  return pattern === `${resource}/*`;
}

/** A trailing `*` matches every path below. */
export function matchesPath(path: string, pattern: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

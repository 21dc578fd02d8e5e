/**
 * Whether a rule of a webhook or a policy is about a request. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules (v1.36)
 */
import type { NamedRuleWithOperations } from '@kts/api/types/admissionregistration-v1';

import type { Operation } from '../admission.ts';

/** What rules look at. */
export interface RuleSubject {
  readonly operation: Operation;
  readonly group: string;
  readonly version: string;
  /** The plural. */
  readonly resource: string;
  readonly subresource: string;
  /** Of the request; for a namespace itself, its name. */
  readonly namespace: string;
}

export function ruleMatches(rule: NamedRuleWithOperations, subject: RuleSubject): boolean {
  return (
    scopeMatches(rule.scope, subject) &&
    includes(rule.operations, subject.operation) &&
    includes(rule.apiGroups, subject.group) &&
    includes(rule.apiVersions, subject.version) &&
    (rule.resources ?? []).some((resource) => resourceMatches(resource, subject))
  );
}

/** Namespaces count as objects of the cluster, though requests about them carry a namespace. */
function scopeMatches(scope: string | undefined, { group, version, resource, namespace }: RuleSubject): boolean {
  if (scope === undefined || scope === '*') return true;
  const ofCluster = namespace === '' || (group === '' && version === 'v1' && resource === 'namespaces');
  return scope === 'Cluster' ? ofCluster : scope === 'Namespaced' && !ofCluster;
}

function includes(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

/** `pods`, `pods/status`, `pods/*`, `*` (no subresources), `*` + `/scale`. */
function resourceMatches(text: string, { resource, subresource }: RuleSubject): boolean {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const sub = slash < 0 ? '' : text.slice(slash + 1);
  return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
}

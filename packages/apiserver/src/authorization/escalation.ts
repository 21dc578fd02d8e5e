/**
 * Nobody may give away more than they have: writing a role needs every permission in it, binding one needs the verb
 * `bind` or every permission in it.
 *
 * Mirrors: pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased and
 * pkg/registry/rbac/validation/{rule.go,policy_compact.go} (v1.36)
 */
import type { PolicyRule, RoleRef } from '@kts/api/types/rbac-v1';
import { forbiddenRequest, internalError, notFound } from '@kts/apimachinery';

import type { UserInfo } from '../request.ts';
import { resourceAttributes, type Authorizer } from './authorizer.ts';
import type { RbacRules } from './rbac-rules.ts';
import { pathMatches } from './rule-matching.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** What a check is about, for its message. */
export interface CheckedObject {
  readonly plural: 'roles' | 'clusterroles' | 'rolebindings' | 'clusterrolebindings';
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** The name in the request's path: empty for a creation. */
  readonly requestName: string;
}

export interface EscalationChecks {
  /**
   * Throws Forbidden if the user may not have a role with these rules written. `aggregates`: the role has or had an
   * aggregation rule, which can gather anything.
   */
  checkRole(user: UserInfo, object: CheckedObject, rules: readonly PolicyRule[], aggregates?: boolean): void;
  /** Throws Forbidden if the user may not bind that role, NotFound if there is no such role. */
  checkBinding(user: UserInfo, object: CheckedObject, roleRef: RoleRef): void;
}

export function escalationChecks(authorizer: Authorizer, rules: RbacRules): EscalationChecks {
  const allowed = (user: UserInfo, verb: string, resource: string, namespace: string, name: string): boolean =>
    authorizer.authorize(user, resourceAttributes({ verb, group: RBAC, version: '*', resource, namespace, name }))
      .decision === 'allow';
  const cover = (user: UserInfo, object: CheckedObject, wanted: readonly PolicyRule[]): void => {
    const { owned, problems } = rulesFor(rules, user, object.namespace);
    const missing = notCovered(owned, wanted);
    if (missing.length > 0) throw refusal(object, describe(user, missing, problems));
  };
  return {
    checkRole(user, object, wanted, aggregates = false) {
      if (isMaster(user) || allowed(user, 'escalate', object.plural, object.namespace, object.requestName)) return;
      cover(user, object, wanted);
      if (aggregates && notCovered(rulesFor(rules, user, object.namespace).owned, EVERYTHING).length > 0) {
        throw refusal(object, 'must have cluster-admin privileges to use the aggregationRule');
      }
    },
    checkBinding(user, object, roleRef) {
      if (isMaster(user)) return;
      const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
      if (allowed(user, 'bind', plural, object.namespace, roleRef.name)) return;
      if (roleRef.kind !== 'ClusterRole' && roleRef.kind !== 'Role') {
        throw internalError(`unsupported role reference kind: ${JSON.stringify(roleRef.kind)}`);
      }
      const wanted = rules.rulesOf(roleRef, object.namespace);
      // Named after the binding's resource, as upstream does.
      if (!wanted) throw notFound({ group: RBAC, plural: object.plural }, roleRef.name);
      cover(user, object, wanted);
    },
  };
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const notCovered = (owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  wanted.flatMap(breakdown).filter((rule) => !owned.some((own) => covers(own, rule)));

const refusal = (object: CheckedObject, message: string): Error =>
  forbiddenRequest({ group: RBAC, plural: object.plural }, object.name, message);

const isMaster = (user: UserInfo): boolean => user.groups.includes('system:masters');

function rulesFor(
  rules: RbacRules,
  user: UserInfo,
  namespace: string,
): { readonly owned: readonly PolicyRule[]; readonly problems: readonly string[] } {
  const owned: PolicyRule[] = [];
  const problems: string[] = [];
  for (const source of rules.sourcesFor(user, namespace)) {
    if (source.rules) owned.push(...source.rules);
    else problems.push(source.problem());
  }
  return { owned, problems };
}

/** A rule as rules of one verb on one thing each. */
function breakdown(rule: PolicyRule): readonly PolicyRule[] {
  const single: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const base = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) single.push(base);
        else single.push(...rule.resourceNames.map((name) => ({ ...base, resourceNames: [name] })));
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) single.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return single;
}

/** `wanted` is of one verb on one thing. */
function covers(owner: PolicyRule, wanted: PolicyRule): boolean {
  const verb = wanted.verbs[0]!;
  if (!owner.verbs.includes('*') && !owner.verbs.includes(verb)) return false;
  const url = wanted.nonResourceURLs?.[0];
  if (url !== undefined) return (owner.nonResourceURLs ?? []).some((pattern) => pathMatches(url, pattern));
  const group = wanted.apiGroups![0]!;
  if (!owner.apiGroups?.includes('*') && !owner.apiGroups?.includes(group)) return false;
  if (!resourceCovered(owner.resources ?? [], wanted.resources![0]!)) return false;
  if (!owner.resourceNames?.length) return true;
  const name = wanted.resourceNames?.[0];
  return name !== undefined && owner.resourceNames.includes(name);
}

function resourceCovered(owned: readonly string[], resource: string): boolean {
  if (owned.includes('*') || owned.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
}

function describe(user: UserInfo, missing: readonly PolicyRule[], problems: readonly string[]): string {
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const lines = compact(missing).map(compactText).sort();
  const failed = problems.length > 0 ? `; resolution errors: [${problems.join(' ')}]` : '';
  return `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${failed}`;
}

/** Rules about the same resource become one with all their verbs. */
function compact(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const known = merged.get(key);
    merged.set(key, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule);
  }
  return [...merged.values(), ...others];
}

function compactText(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (label: string, values: readonly string[] | undefined): void => {
    if (values?.length) parts.push(`${label}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`);
  };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

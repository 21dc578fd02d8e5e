/**
 * Which authorizers a server asks, and in which order.
 *
 * Mirrors: pkg/kubeapiserver/authorizer/{modes,reload.go}, pkg/kubeapiserver/options/authorization.go and
 * staging/src/k8s.io/apiserver/pkg/authorization/{authorizerfactory,union} (v1.36)
 * Differs: without a choice it is Node and RBAC, as every cluster has it, where upstream allows everything; ABAC and
 * Webhook are refused by name.
 */
import type { PolicyRule } from '@kts/api/types/rbac-v1';

import type { UserInfo } from '../request.ts';
import { firstOpinion, NO_OPINION, type Authorizer } from './authorizer.ts';
import { nodeAuthorizer, nodeIdentity } from './node-authorizer.ts';
import type { NodeReferences } from './node-references.ts';
import { mastersAuthorizer, rbacAuthorizer } from './rbac-authorizer.ts';
import type { RbacRules } from './rbac-rules.ts';

const MODES = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const;
const MISSING: readonly string[] = ['ABAC', 'Webhook'];

export type AuthorizationMode = (typeof MODES)[number];

export const DEFAULT_MODES: readonly AuthorizationMode[] = ['Node', 'RBAC'];

/** The modes as they were given. Throws what is wrong with them, for whoever starts the server. */
export function asAuthorizationModes(names: readonly string[]): readonly AuthorizationMode[] {
  const problems = names.flatMap((name) => {
    if (isMode(name)) return [];
    return [
      `authorization-mode ${JSON.stringify(name)} is ${MISSING.includes(name) ? 'not supported' : 'not a valid mode'}`,
    ];
  });
  if (names.length === 0) problems.push('at least one authorization-mode must be passed');
  if (new Set(names).size < names.length) {
    const shown = names.map((name) => JSON.stringify(name)).join(' ');
    problems.push(`authorization-mode [${shown}] has mode specified more than once`);
  }
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`);
  return names.filter(isMode);
}

const isMode = (name: string): name is AuthorizationMode => (MODES as readonly string[]).includes(name);

/** What authorizers decide from. */
export interface AuthorizationFacts {
  readonly rules: RbacRules;
  readonly references: NodeReferences;
  /** What every node may do regardless of its pods. */
  readonly nodeRules: () => readonly PolicyRule[];
}

/** Members of `system:masters` are allowed in every mode. */
export function authorizerOf(modes: readonly AuthorizationMode[], facts: AuthorizationFacts): Authorizer {
  return firstOpinion([mastersAuthorizer, ...modes.map((mode) => AUTHORIZERS[mode](facts))]);
}

const AUTHORIZERS: Readonly<Record<AuthorizationMode, (facts: AuthorizationFacts) => Authorizer>> = {
  AlwaysAllow: () => ({ authorize: () => ({ decision: 'allow', reason: '' }) }),
  AlwaysDeny: () => ({ authorize: () => ({ ...NO_OPINION, reason: 'Everything is forbidden.' }) }),
  Node: ({ references, nodeRules }) => nodeAuthorizer(references, nodeRules()),
  RBAC: ({ rules }) => rbacAuthorizer(rules),
};

/** What somebody may do, as far as it can be told in rules. */
export interface ListedRules {
  readonly rules: readonly PolicyRule[];
  /** There may be more. */
  readonly incomplete: boolean;
  readonly problems: readonly string[];
}

export type RuleResolver = (user: UserInfo, namespace: string) => ListedRules;

export function ruleResolverOf(modes: readonly AuthorizationMode[], rules: RbacRules): RuleResolver {
  return (user, namespace) => {
    const listed = modes.map((mode) => RESOLVERS[mode](rules, user, namespace));
    return {
      rules: listed.flatMap((part) => part.rules ?? []),
      incomplete: listed.some((part) => part.incomplete),
      problems: listed.flatMap((part) => part.problems ?? []),
    };
  };
}

type Resolver = (rules: RbacRules, user: UserInfo, namespace: string) => Partial<ListedRules>;

const RESOLVERS: Readonly<Record<AuthorizationMode, Resolver>> = {
  AlwaysAllow: () => ({
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  }),
  AlwaysDeny: () => ({}),
  // Decides by relations, which cannot be listed as rules.
  Node: (_, user) =>
    nodeIdentity(user) === undefined
      ? {}
      : { incomplete: true, problems: ['node authorizer does not support user rule resolution'] },
  RBAC: (rules, user, namespace) => {
    const sources = [...rules.sourcesFor(user, namespace)];
    return {
      rules: sources.flatMap((source) => source.rules ?? []),
      problems: sources.flatMap((source) => (source.rules ? [] : [source.problem()])),
    };
  },
};

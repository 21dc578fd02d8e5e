/**
 * As which resource a hook gets to see a request. Pure.
 *
 * Mirrors: ShouldCallHook in staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go and
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/matching (v1.36)
 */
import type { ResourceDefinition } from '@kts/api';
import type { NamedRuleWithOperations } from '@kts/api/types/admissionregistration-v1';

import type { Operation } from '../admission.ts';
import { ruleMatches } from './resource-rule.ts';

/** What is the same for all requests to one path. */
export interface MatchSubject {
  readonly operation: Operation;
  readonly definition: ResourceDefinition;
  readonly equivalents: readonly ResourceDefinition[];
  readonly subresource: string;
  readonly namespace: string;
}

/** Webhooks have rules only; policies and bindings all of it. */
export interface ResourceMatch {
  readonly rules: readonly NamedRuleWithOperations[];
  readonly excluded: readonly NamedRuleWithOperations[];
  /** Other versions of the resource match as well. */
  readonly equivalent: boolean;
  /** What no rules at all mean. */
  readonly withoutRules: 'everything' | 'nothing';
}

/** A rule that matches but for the object's name. */
export interface Way {
  readonly definition: ResourceDefinition;
  /** Empty: objects of any name. */
  readonly names: readonly string[];
}

export interface MatchWays {
  readonly ways: readonly Way[];
  readonly excluded: readonly Way[];
}

/** Everything that can be known before the object's name is; undefined if the hook never gets such a request. */
export function matchWays(match: ResourceMatch, subject: MatchSubject): MatchWays | undefined {
  const ways =
    match.rules.length === 0 && match.withoutRules === 'everything'
      ? [{ definition: subject.definition, names: [] }]
      : waysOf(match.rules, match.equivalent, subject);
  if (ways.length === 0) return undefined;
  const excluded = waysOf(match.excluded, match.equivalent, subject);
  return excluded.some(({ names }) => names.length === 0) ? undefined : { ways, excluded };
}

/** The resource as which an object of that name is seen; undefined: it is not. */
export function chooseWay({ ways, excluded }: MatchWays, name: string): ResourceDefinition | undefined {
  const fits = ({ names }: Way): boolean => names.length === 0 || names.includes(name);
  return excluded.some(fits) ? undefined : ways.find(fits)?.definition;
}

/** The request's own version goes first, then earlier rules before later ones. */
function waysOf(
  rules: readonly NamedRuleWithOperations[],
  equivalent: boolean,
  { definition, equivalents, operation, subresource, namespace }: MatchSubject,
): Way[] {
  const matchesAs = (rule: NamedRuleWithOperations, { group, version, plural }: ResourceDefinition): boolean =>
    ruleMatches(rule, { operation, group, version, resource: plural, subresource, namespace });
  const own = rules
    .filter((rule) => matchesAs(rule, definition))
    .map(({ resourceNames = [] }) => ({ definition, names: resourceNames }));
  if (!equivalent) return own;
  const others = rules.flatMap((rule) =>
    equivalents
      .filter((other) => matchesAs(rule, other))
      .map((other) => ({ definition: other, names: rule.resourceNames ?? [] })),
  );
  return [...own, ...others];
}

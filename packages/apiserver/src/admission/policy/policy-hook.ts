import { parseApiVersion, type KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition } from '@kts/api';
import type { MatchResources, ParamKind, ParamRef } from '@kts/api/types/admissionregistration-v1';

import type { ResourceCatalog } from '../../discovery/catalog.ts';
import type { ResourceMatch } from '../matching/match-ways.ts';
import { hookSelectors, type HookSelectors } from '../matching/selectors.ts';

/** What validating and mutating policies have in common. */
export interface AdmissionPolicy extends KubeObject {
  readonly spec: {
    readonly paramKind?: ParamKind;
    readonly matchConstraints?: MatchResources;
    readonly failurePolicy?: 'Fail' | 'Ignore';
  };
}

export interface PolicyBinding extends KubeObject {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
  };
}

/** A policy with everything that puts it to use. One without bindings does nothing. */
export interface PolicyHook<P extends AdmissionPolicy, B extends PolicyBinding> {
  readonly policy: P;
  readonly selectors: HookSelectors;
  readonly match: ResourceMatch;
  readonly bindings: readonly BindingHook<B>[];
}

export interface BindingHook<B extends PolicyBinding> {
  readonly binding: B;
  /** Absent: the binding is for everything that the policy is for. */
  readonly narrowed?: { readonly selectors: HookSelectors; readonly match: ResourceMatch };
}

/** Policies in the order of their names, bindings too. */
export function policyHooks<P extends AdmissionPolicy, B extends PolicyBinding>(
  policies: ReadonlyMap<string, P>,
  bindings: ReadonlyMap<string, B>,
): PolicyHook<P, B>[] {
  const byPolicy = Map.groupBy(sorted(bindings), ({ spec }) => spec.policyName ?? '');
  return sorted(policies).flatMap((policy) => {
    const own = byPolicy.get(policy.metadata.name);
    if (!own) return [];
    const { matchConstraints = {} } = policy.spec;
    const selectors = hookSelectors(matchConstraints);
    return [{ policy, selectors, match: matchOf(matchConstraints), bindings: own.map(bindingHook) }];
  });
}

function sorted<T>(objects: ReadonlyMap<string, T>): T[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

function bindingHook<B extends PolicyBinding>(binding: B): BindingHook<B> {
  const { matchResources } = binding.spec;
  if (!matchResources) return { binding };
  return { binding, narrowed: { selectors: hookSelectors(matchResources), match: matchOf(matchResources) } };
}

function matchOf({ resourceRules = [], excludeResourceRules = [], matchPolicy }: MatchResources): ResourceMatch {
  return {
    rules: resourceRules,
    excluded: excludeResourceRules,
    equivalent: matchPolicy === 'Equivalent',
    withoutRules: 'everything',
  };
}

/** The resource whose objects are a policy's parameters. Throws if there is none. */
export function paramResource(catalog: Pick<ResourceCatalog, 'findKind'>, paramKind: ParamKind): ResourceDefinition {
  const { apiVersion = '', kind = '' } = paramKind;
  const { group, version } = parseApiVersion(apiVersion);
  const found = catalog.findKind(group, version, kind);
  if (found) return found;
  throw new Error(`failed to find resource referenced by paramKind: '${group}/${version}, Kind=${kind}'`);
}

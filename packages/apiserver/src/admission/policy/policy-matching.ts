/**
 * Which policies, with which bindings and parameters, a request is for.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/{policy_dispatcher,policy_matcher}.go (v1.36)
 */
import { notFound, type KubeObject } from '@kts/apimachinery';
import { namespaces, type ResourceDefinition } from '@kts/api';
import type { Namespace } from '@kts/api/types/core-v1';

import type { ResourceCatalog } from '../../discovery/catalog.ts';
import { resourceOf, type AdmissionAttributes } from '../admission.ts';
import type { LiveObjects } from '../live-objects.ts';
import type { RelevantHook } from '../matching/hook-index.ts';
import { chooseWay, matchWays, type MatchSubject } from '../matching/match-ways.ts';
import { selectorsMatch } from '../matching/selectors.ts';
import { collectParams } from './collect-params.ts';
import {
  paramResource,
  type AdmissionPolicy,
  type BindingHook,
  type PolicyBinding,
  type PolicyHook,
} from './policy-hook.ts';

export interface MatchingParts {
  readonly catalog: ResourceCatalog;
  readonly live: LiveObjects;
}

/** A policy that is to look at a request, by way of one binding. */
export interface PolicyMatch<P, B> {
  readonly policy: P;
  readonly binding: B;
  /** As which resource the policy sees the object. */
  readonly matched: ResourceDefinition;
  readonly params: readonly (KubeObject | undefined)[];
}

/** A policy that ought to look at a request but cannot. What that means is its failure policy. */
export interface PolicyProblem<P, B> {
  readonly policy: P;
  readonly binding: B | undefined;
  readonly message: string;
}

export async function matchPolicy<P extends AdmissionPolicy, B extends PolicyBinding>(
  parts: MatchingParts,
  relevant: RelevantHook<PolicyHook<P, B>>,
  attributes: AdmissionAttributes,
): Promise<readonly (PolicyMatch<P, B> | PolicyProblem<P, B>)[]> {
  const { policy, selectors, bindings } = relevant.hook;
  const matched = chooseWay(relevant, attributes.name);
  if (!matched) return [];
  let params: ResourceDefinition | undefined;
  try {
    if (!(await selectorsMatch(selectors, attributes, parts.live))) return [];
    const { paramKind } = policy.spec;
    params = paramKind && paramResource(parts.catalog, paramKind);
  } catch (error) {
    return [{ policy, binding: undefined, message: `failed to configure policy: ${(error as Error).message}` }];
  }
  const matches: (PolicyMatch<P, B> | PolicyProblem<P, B>)[] = [];
  for (const hook of bindings) {
    const { binding } = hook;
    try {
      if (!(await bindingMatches(parts.live, hook, relevant.subject, attributes))) continue;
      const { paramRef } = binding.spec;
      const found = await collectParams(parts.live, params, paramRef, attributes.namespace);
      matches.push({ policy, binding, matched, params: found });
    } catch (error) {
      matches.push({ policy, binding, message: `failed to configure binding: ${(error as Error).message}` });
    }
  }
  return matches;
}

async function bindingMatches<B extends PolicyBinding>(
  live: LiveObjects,
  { narrowed }: BindingHook<B>,
  subject: MatchSubject,
  attributes: AdmissionAttributes,
): Promise<boolean> {
  if (!narrowed) return true;
  const ways = matchWays(narrowed.match, subject);
  if (!ways || !chooseWay(ways, attributes.name)) return false;
  return selectorsMatch(narrowed.selectors, attributes, live);
}

/** The namespace that a request is in. A namespace is in none. Throws NotFound. */
export async function requestNamespace(
  live: LiveObjects,
  attributes: AdmissionAttributes,
): Promise<Namespace | undefined> {
  const { namespace } = attributes;
  if (namespace === '' || resourceOf(attributes) === 'namespaces') return undefined;
  const found = await live.get(namespaces, '', namespace);
  if (!found) throw notFound(namespaces, namespace);
  return found;
}

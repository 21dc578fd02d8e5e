/**
 * Policies that change objects, one after the other.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go and
 * policy/generic/policy_dispatcher.go (v1.36)
 * Differs: policies and bindings go in the order of their names, which upstream leaves open.
 */
import type { Clock } from '@kts/base';
import { deepEqual, StatusError, type KubeObject, type Status } from '@kts/apimachinery';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '@kts/api/types/admissionregistration-v1';
import type { Namespace } from '@kts/api/types/core-v1';

import type { Authorizer } from '../../authorization/authorizer.ts';
import { cloneJson } from '../../registry/object-draft.ts';
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from '../admission.ts';
import { admittedSubject, replaceAdmitted } from '../decode-admitted.ts';
import { isExemptFromPolicies } from '../exempt-resources.ts';
import { forbiddenBy } from '../forbidden.ts';
import type { HookIndex, RelevantHook } from '../matching/hook-index.ts';
import { ReinvokedHooks } from '../reinvoked-hooks.ts';
import type { EvaluationInput } from './expressions/evaluation-input.ts';
import { loadEvaluators, type MutatingEvaluator } from './load-evaluators.ts';
import type { PolicyHook } from './policy-hook.ts';
import { matchPolicy, requestNamespace, type MatchingParts, type PolicyMatch } from './policy-matching.ts';
import type { PolicyMetrics } from './policy-metrics.ts';

const NAME = 'MutatingAdmissionPolicy';

export type MutatingHook = PolicyHook<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

export interface MutatingPolicyParts extends MatchingParts {
  readonly hooks: HookIndex<MutatingHook>;
  readonly authorizer: Authorizer;
  readonly metrics: PolicyMetrics;
  readonly clock: Clock;
}

type Match = PolicyMatch<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;

interface PolicyFailure {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding | undefined;
  readonly message: string;
  readonly reason: string;
}

export function mutatingPolicies(parts: MutatingPolicyParts): AdmissionPlugin {
  return {
    name: NAME,
    admit(attributes, reinvocation) {
      if (parts.hooks.isEmpty || attributes.operation === 'DELETE' || isExemptFromPolicies(attributes))
        return undefined;
      const relevant = parts.hooks.relevantTo(attributes);
      return relevant.length === 0 ? undefined : mutateAll(parts, relevant, attributes, reinvocation);
    },
  };
}

/** Throws what the client gets. */
async function mutateAll(
  parts: MutatingPolicyParts,
  relevant: readonly RelevantHook<MutatingHook>[],
  attributes: AdmissionAttributes,
  reinvocation: Reinvocation,
): Promise<void> {
  const failures: PolicyFailure[] = [];
  const matches: Match[] = [];
  // What is asked is settled before the first policy changes anything.
  for (const entry of relevant) {
    for (const match of await matchPolicy(parts, entry, attributes)) {
      if ('message' in match) failures.push({ ...match, reason: '' });
      else matches.push(match);
    }
  }
  if (matches.some(({ params }) => params.length > 0)) {
    failures.push(...(await mutateBy(parts, matches, attributes, reinvocation)));
  }
  const counted = failures.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore');
  if (counted.length > 0) throw refusal(attributes, counted);
}

async function mutateBy(
  parts: MutatingPolicyParts,
  matches: readonly Match[],
  attributes: AdmissionAttributes,
  reinvocation: Reinvocation,
): Promise<readonly PolicyFailure[]> {
  const { compileMutatingPolicy } = await loadEvaluators();
  const namespace = await requestNamespace(parts.live, attributes);
  const reinvoked = reinvocation.state(NAME, () => new ReinvokedHooks());
  if (reinvocation.isSecondRound) reinvoked.enterAgain(attributes.object);
  const failures: PolicyFailure[] = [];
  let touched = false;
  for (const match of matches) {
    const evaluator = evaluators.getOrInsertComputed(match.policy, compileMutatingPolicy);
    for (const param of match.params) {
      const id = invocationId(match, param);
      const invocation: Invocation = { parts, match, evaluator, attributes, namespace, param };
      if (!(await conditionsHold(invocation, failures))) continue;
      if (reinvocation.isSecondRound && !reinvoked.isToBeAskedAgain(id)) continue;
      const outcome = await mutateOnce(invocation, failures);
      touched ||= outcome.touched;
      if (outcome.changed) {
        reinvoked.requireAgain();
        reinvocation.require();
      }
      if (match.policy.spec.reinvocationPolicy === 'IfNeeded') reinvoked.add(id);
    }
  }
  if (touched) {
    reinvoked.requireAgain();
    reinvocation.require();
  }
  reinvoked.leave(attributes.object);
  return failures;
}

const evaluators = new WeakMap<MutatingAdmissionPolicy, MutatingEvaluator>();

interface Invocation {
  readonly parts: MutatingPolicyParts;
  readonly match: Match;
  readonly evaluator: MutatingEvaluator;
  readonly attributes: AdmissionAttributes;
  readonly namespace: Namespace | undefined;
  readonly param: KubeObject | undefined;
}

async function inputOf({ parts, match, attributes, namespace, param }: Invocation): Promise<EvaluationInput> {
  const subject = await admittedSubject(attributes, match.matched);
  return { subject, params: param, namespace, authorizer: parts.authorizer };
}

async function conditionsHold(invocation: Invocation, failures: PolicyFailure[]): Promise<boolean> {
  const { evaluator, match } = invocation;
  const verdict = await evaluator.conditions(await inputOf(invocation));
  if (!('error' in verdict)) return verdict.matches;
  failures.push({ ...match, message: verdict.error, reason: 'Invalid' });
  return false;
}

/** `touched`: some mutation was carried out; `changed`: the object is another one afterwards. */
async function mutateOnce(
  invocation: Invocation,
  failures: PolicyFailure[],
): Promise<{ readonly touched: boolean; readonly changed: boolean }> {
  const { parts, match, evaluator, attributes } = invocation;
  const { policy, binding } = match;
  const names = { policy: policy.metadata.name, binding: binding.metadata.name };
  if (!attributes.object) return { touched: false, changed: false };
  const before = cloneJson(attributes.object);
  let touched = false;
  for (const mutate of evaluator.mutators) {
    const started = parts.clock.monotonic();
    const input = await inputOf(invocation);
    try {
      await replaceAdmitted(await mutate(input), input.subject);
      touched = true;
      parts.metrics.observe({ ...names, started, action: 'allow', error: '' });
    } catch (error) {
      const { message } = error as Error;
      parts.metrics.observe({ ...names, started, action: 'deny', error: message });
      if (!Error.isError(error) || error.name !== 'MutationError') throw error;
      failures.push({ policy, binding, message, reason: 'Invalid' });
    }
  }
  return { touched, changed: !deepEqual(before, attributes.object) };
}

function invocationId({ policy, binding }: Match, param: KubeObject | undefined): string {
  const { namespace = '', name = '' } = param?.metadata ?? {};
  return `${policy.metadata.name} ${binding.metadata.name} ${namespace}/${name}`;
}

/** All failures are causes; the first is the message. */
function refusal(attributes: AdmissionAttributes, failures: readonly PolicyFailure[]): StatusError {
  const { status } = forbiddenBy(attributes, 'admission request denied by policy');
  const causes = failures.map((failure) => ({ message: failureText(failure) }));
  return new StatusError({
    ...status,
    message: causes[0]!.message,
    reason: failures[0]!.reason || status.reason,
    details: { ...status.details, causes },
  } as Status);
}

function failureText({ policy, binding, message }: PolicyFailure): string {
  const { name } = policy.metadata;
  if (!binding) return `policy ${JSON.stringify(name)} denied request: ${message}`;
  return `policy '${name}' with binding '${binding.metadata.name}' denied request: ${message}`;
}

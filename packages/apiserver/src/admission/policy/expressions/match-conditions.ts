/**
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go (v1.36)
 */
import { createPolicyCompiler, type PolicyCompiler } from '@kts/api/expressions/policy-compiler';
import type { MatchCondition } from '@kts/api/types/admissionregistration-v1';

import { evaluateGroup, type PolicyExpression, type PolicyVariables } from './evaluate-group.ts';
import type { EvaluationInput } from './evaluation-input.ts';

/** What all conditions of a webhook or a policy may cost together. */
const BUDGET = 2_500_000;

export type ConditionsVerdict =
  | { readonly matches: boolean }
  /** It cannot be said, and the failure policy does not let that pass. */
  | { readonly error: string };

export type MatchConditions = (input: EvaluationInput) => Promise<ConditionsVerdict>;

const NO_VARIABLES: PolicyVariables = new Map();

/** Those of a webhook, which has neither parameters nor variables. */
export function webhookConditions(
  conditions: readonly MatchCondition[],
  failurePolicy: 'Fail' | 'Ignore' | undefined,
): MatchConditions {
  const compiler = createPolicyCompiler({ composition: false });
  return matchConditions(compiler, conditions, failurePolicy, NO_VARIABLES, false);
}

export function matchConditions(
  compiler: PolicyCompiler,
  conditions: readonly MatchCondition[],
  failurePolicy: 'Fail' | 'Ignore' = 'Fail',
  variables: PolicyVariables,
  params: boolean,
): MatchConditions {
  const expressions = conditions.map(({ expression }): PolicyExpression => ({
    source: expression,
    compiled: compiler.compile(expression, 'condition', { params }),
  }));
  const failed = (messages: readonly string[]): ConditionsVerdict =>
    failurePolicy === 'Fail' ? { error: aggregated(messages) } : { matches: false };
  return async (input) => {
    if (expressions.length === 0) return { matches: true };
    const group = await evaluateGroup(expressions, variables, input, BUDGET);
    if (!group.ok) return failed([group.message]);
    // One condition that does not hold is enough, whatever others have come to.
    if (group.results.some((result) => result?.ok && result.value === false)) return { matches: false };
    const messages = group.results.flatMap((result) => (result && !result.ok ? [result.message] : []));
    return messages.length === 0 ? { matches: true } : failed(messages);
  };
}

function aggregated(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}

import type * as MatchConditionEvaluators from './expressions/match-conditions.ts';
import type * as MutatingEvaluators from './expressions/mutating-evaluator.ts';
import type * as ValidatingEvaluators from './expressions/validating-evaluator.ts';

export type { ConditionsVerdict, MatchConditions } from './expressions/match-conditions.ts';
export type { MutatingEvaluator } from './expressions/mutating-evaluator.ts';
export type { ValidatingEvaluator } from './expressions/validating-evaluator.ts';

/** Everything that needs the expression language, which most servers never load. */
export interface Evaluators {
  readonly compileValidatingPolicy: typeof ValidatingEvaluators.compileValidatingPolicy;
  readonly compileMutatingPolicy: typeof MutatingEvaluators.compileMutatingPolicy;
  readonly webhookConditions: typeof MatchConditionEvaluators.webhookConditions;
}

let loading: Promise<Evaluators> | undefined;

export function loadEvaluators(): Promise<Evaluators> {
  return (loading ??= load());
}

async function load(): Promise<Evaluators> {
  const [{ compileValidatingPolicy }, { compileMutatingPolicy }, { webhookConditions }] = await Promise.all([
    import('./expressions/validating-evaluator.ts'),
    import('./expressions/mutating-evaluator.ts'),
    import('./expressions/match-conditions.ts'),
  ]);
  return { compileValidatingPolicy, compileMutatingPolicy, webhookConditions };
}

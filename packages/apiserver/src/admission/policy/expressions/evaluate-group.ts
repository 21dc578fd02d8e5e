/**
 * Evaluates expressions that share variables and a budget.
 *
 * Mirrors: Evaluate in staging/src/k8s.io/apiserver/pkg/admission/plugin/cel/activation.go and composition.go (v1.36)
 */
import { CelError, type Activation, type CelMap, type CelValue } from '@kts/cel';
import type { CompiledExpression } from '@kts/api/expressions/policy-compiler';

import { inputValues, type EvaluationInput } from './evaluation-input.ts';

/** An expression as it was written and what has become of it. */
export interface PolicyExpression {
  readonly source: string;
  readonly compiled: CompiledExpression;
}

/** `variables.<name>`, in the order in which they are declared. */
export type PolicyVariables = ReadonlyMap<string, CompiledExpression>;

export type ExpressionResult =
  | { readonly ok: true; readonly value: CelValue }
  | { readonly ok: false; readonly message: string };

export type GroupResult =
  /** One result for each expression; undefined where there is none. */
  | { readonly ok: true; readonly results: readonly (ExpressionResult | undefined)[]; readonly remaining: number }
  /** The budget is used up: nothing that was found out counts. */
  | { readonly ok: false; readonly message: string };

/** What may be spent before other requests get a turn; a few milliseconds. */
const COST_PER_TURN = 20_000;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Expensive expressions make way for other requests between one and the next. */
export async function evaluateGroup(
  expressions: readonly (PolicyExpression | undefined)[],
  variables: PolicyVariables,
  input: EvaluationInput,
  budget: number,
): Promise<GroupResult> {
  const scope = evaluationScope(variables, input);
  const results: (ExpressionResult | undefined)[] = [];
  let remaining = budget;
  let turnEndsAt = budget - COST_PER_TURN;
  for (const expression of expressions) {
    if (!expression) {
      results.push(undefined);
      continue;
    }
    const { source, compiled } = expression;
    if (!compiled.ok) {
      results.push({ ok: false, message: `compilation error: ${compiled.detail}` });
      continue;
    }
    const outcome = compiled.program.evaluate(scope.activation);
    remaining -= scope.takeCost() + outcome.cost;
    if (remaining < 0) return { ok: false, message: OUT_OF_BUDGET };
    if (remaining < turnEndsAt) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnEndsAt = remaining - COST_PER_TURN;
    }
    results.push(
      outcome.ok
        ? { ok: true, value: outcome.value }
        : { ok: false, message: `expression '${source}' resulted in error: ${outcome.error.message}` },
    );
  }
  return { ok: true, results, remaining };
}

interface EvaluationScope {
  readonly activation: Activation;
  /** What variables have cost since this was last asked. */
  takeCost(): number;
}

/** Variables are evaluated when they are first used, once each. */
function evaluationScope(variables: PolicyVariables, input: EvaluationInput): EvaluationScope {
  const values = inputValues(input);
  let cost = 0;
  const activation: Activation = { get: (name) => (name === 'variables' ? composed : values.get(name)) };
  const evaluate = (name: string, compiled: CompiledExpression): CelValue => {
    const quoted = JSON.stringify(name);
    if (!compiled.ok) return new CelError(`composited variable ${quoted} fails to compile: ${compiled.detail}`);
    const outcome = compiled.program.evaluate(activation);
    cost += outcome.cost;
    return outcome.ok
      ? outcome.value
      : new CelError(`composited variable ${quoted} fails to evaluate: ${outcome.error.message}`);
  };
  const known = new Map<string, CelValue>();
  const composed: CelMap = {
    kind: 'map',
    size: variables.size,
    get: (key) => {
      const compiled = typeof key === 'string' ? variables.get(key) : undefined;
      return compiled && known.getOrInsertComputed(key as string, () => evaluate(key as string, compiled));
    },
    keys: () => variables.keys(),
  };
  return {
    activation,
    takeCost: () => {
      const taken = cost;
      cost = 0;
      return taken;
    },
  };
}

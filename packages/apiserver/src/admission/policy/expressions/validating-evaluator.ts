/**
 * What a validating policy says about a request.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/validator.go (v1.36)
 * Differs: messages are only worked out for validations that fail, because nobody reads the others.
 */
import { createPolicyCompiler } from '@kts/api/expressions/policy-compiler';
import type { ValidatingAdmissionPolicy, Validation } from '@kts/api/types/admissionregistration-v1';

import { evaluateGroup, type ExpressionResult, type PolicyExpression, type PolicyVariables } from './evaluate-group.ts';
import type { EvaluationInput } from './evaluation-input.ts';
import { matchConditions } from './match-conditions.ts';

/** What all validations, or all audit annotations, of a policy may cost for one request. */
export const POLICY_BUDGET = 10_000_000;
const MESSAGE_BYTES_MAX = 5 * 1024;

export interface Decision {
  readonly action: 'admit' | 'deny';
  /** `error`: the expression could not be evaluated, and the action is what the failure policy says. */
  readonly evaluation: 'admit' | 'deny' | 'error';
  readonly message: string;
  readonly reason: string;
}

export interface AnnotationOutcome {
  readonly key: string;
  /** Absent: nothing is to be published. */
  readonly value?: string;
  /** The request is to be refused for it. */
  readonly error?: string;
}

export interface PolicyVerdict {
  readonly decisions: readonly Decision[];
  readonly annotations: readonly AnnotationOutcome[];
}

export type ValidatingEvaluator = (input: EvaluationInput) => Promise<PolicyVerdict>;

const NOT_FOR_IT: PolicyVerdict = { decisions: [], annotations: [] };

export function compileValidatingPolicy({ spec }: ValidatingAdmissionPolicy): ValidatingEvaluator {
  const params = spec.paramKind !== undefined;
  const compiler = createPolicyCompiler({ composition: true });
  const compile = (source: string, purpose: 'condition' | 'message' | 'auditAnnotation'): PolicyExpression => ({
    source,
    compiled: compiler.compile(source, purpose, { params }),
  });
  const variables: PolicyVariables = new Map(
    (spec.variables ?? []).map(({ name, expression }) => [name, compiler.addVariable(name, expression, { params })]),
  );
  const { validations = [], auditAnnotations = [], failurePolicy = 'Fail' } = spec;
  const conditions = matchConditions(compiler, spec.matchConditions ?? [], failurePolicy, variables, params);
  const checks = validations.map(({ expression }) => compile(expression, 'condition'));
  const messages = validations.map(({ messageExpression }) =>
    messageExpression ? compile(messageExpression, 'message') : undefined,
  );
  const annotations = auditAnnotations.map(({ valueExpression }) => compile(valueExpression, 'auditAnnotation'));
  const onError = failurePolicy === 'Ignore' ? 'admit' : 'deny';
  const failed = (message: string): Decision => ({ action: onError, evaluation: 'error', message, reason: '' });
  const failure = (message: string): PolicyVerdict => ({ decisions: [failed(message)], annotations: [] });
  return async (input) => {
    const verdict = await conditions(input);
    if ('error' in verdict) return failure(verdict.error);
    if (!verdict.matches) return NOT_FOR_IT;
    const group = await evaluateGroup(checks, variables, input, POLICY_BUDGET);
    if (!group.ok) return failure(group.message);
    const said = group.results.some((result) => result?.ok && result.value !== true)
      ? await evaluateGroup(messages, variables, input, group.remaining)
      : undefined;
    const decisions = validations.map((validation, index): Decision => {
      const result = group.results[index]!;
      if (!result.ok) return failed(result.message);
      if (said && !said.ok) return failed(`failed messageExpression: ${said.message}`);
      if (result.value === true) return ADMITTED;
      const message = messageOf(validation, said?.results[index]);
      return { action: 'deny', evaluation: 'deny', message, reason: validation.reason ?? 'Invalid' };
    });
    const published = await evaluateGroup(annotations, variables, input, POLICY_BUDGET);
    if (!published.ok) return failure(published.message);
    const outcomes = auditAnnotations.map(({ key }, index) => annotationOf(key, published.results[index]!, onError));
    return { decisions, annotations: outcomes };
  };
}

const ADMITTED: Decision = { action: 'admit', evaluation: 'admit', message: '', reason: '' };

/** What the message expression says if it is fit to be shown, else the message, else the expression itself. */
function messageOf({ message = '', expression }: Validation, result: ExpressionResult | undefined): string {
  const said = result?.ok && typeof result.value === 'string' ? result.value.trim() : '';
  const isFit = said !== '' && Buffer.byteLength(said) <= MESSAGE_BYTES_MAX && !said.includes('\n');
  return isFit ? said : message.trim() || `failed expression: ${expression.trim()}`;
}

function annotationOf(key: string, result: ExpressionResult, onError: Decision['action']): AnnotationOutcome {
  if (!result.ok) return onError === 'deny' ? { key, error: result.message } : { key };
  const value = typeof result.value === 'string' ? result.value.trim() : '';
  return value === '' ? { key } : { key, value };
}

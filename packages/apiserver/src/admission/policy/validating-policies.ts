/**
 * Policies that say yes or no.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/dispatcher.go (v1.36)
 * Differs: policies and bindings are asked in the order of their names, which upstream leaves open.
 */
import { StatusError, type Status } from '@kts/apimachinery';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@kts/api/types/admissionregistration-v1';
import type { Clock } from '@kts/base';

import type { Authorizer } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { annotateAudit } from '../audit-annotation.ts';
import { admittedSubject } from '../decode-admitted.ts';
import { isExemptFromPolicies } from '../exempt-resources.ts';
import { forbiddenBy } from '../forbidden.ts';
import type { HookIndex, RelevantHook } from '../matching/hook-index.ts';
import type { Decision, PolicyVerdict } from './expressions/validating-evaluator.ts';
import { loadEvaluators, type ValidatingEvaluator } from './load-evaluators.ts';
import type { PolicyHook } from './policy-hook.ts';
import { matchPolicy, requestNamespace, type MatchingParts, type PolicyMatch } from './policy-matching.ts';
import type { PolicyMetrics } from './policy-metrics.ts';

export type ValidatingHook = PolicyHook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

export interface ValidatingPolicyParts extends MatchingParts {
  readonly hooks: HookIndex<ValidatingHook>;
  readonly authorizer: Authorizer;
  readonly metrics: PolicyMetrics;
  readonly clock: Clock;
}

type Match = PolicyMatch<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

interface Denial {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

export function validatingPolicies(parts: ValidatingPolicyParts): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(attributes) {
      if (parts.hooks.isEmpty || isExemptFromPolicies(attributes)) return undefined;
      const relevant = parts.hooks.relevantTo(attributes);
      return relevant.length === 0 ? undefined : validateAll(parts, relevant, attributes);
    },
  };
}

/** Throws what the client gets. */
async function validateAll(
  parts: ValidatingPolicyParts,
  relevant: readonly RelevantHook<ValidatingHook>[],
  attributes: AdmissionAttributes,
): Promise<void> {
  const denials: Denial[] = [];
  for (const entry of relevant) {
    const annotations = new Map<string, Set<string>>();
    for (const match of await matchPolicy(parts, entry, attributes)) {
      if ('message' in match) {
        const { policy, binding, message } = match;
        if (policy.spec.failurePolicy === 'Ignore') continue;
        denials.push({ policy: policy.metadata.name, binding: binding?.metadata.name, message, reason: '' });
      } else denials.push(...(await evaluate(parts, match, attributes, annotations)));
    }
    const { name } = entry.hook.policy.metadata;
    for (const [key, values] of annotations) {
      annotateAudit(attributes.request, `${name}/${key}`, [...values].join(', '));
    }
  }
  if (denials.length > 0) throw refusal(attributes, denials[0]!);
}

const evaluators = new WeakMap<ValidatingAdmissionPolicy, ValidatingEvaluator>();

async function evaluate(
  parts: ValidatingPolicyParts,
  { policy, binding, matched, params }: Match,
  attributes: AdmissionAttributes,
  annotations: Map<string, Set<string>>,
): Promise<readonly Denial[]> {
  const { compileValidatingPolicy } = await loadEvaluators();
  const evaluator = evaluators.getOrInsertComputed(policy, compileValidatingPolicy);
  const namespace = await requestNamespace(parts.live, attributes);
  const subject = await admittedSubject(attributes, matched);
  const { authorizer } = parts;
  const denials: Denial[] = [];
  for (const param of params) {
    const started = parts.clock.monotonic();
    const verdict = await evaluator({ subject, params: param, namespace, authorizer });
    denials.push(...enforce({ policy, binding, attributes, started, verdict, metrics: parts.metrics, annotations }));
  }
  return denials;
}

interface Enforcement {
  readonly policy: ValidatingAdmissionPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
  readonly attributes: AdmissionAttributes;
  readonly started: number;
  readonly verdict: PolicyVerdict;
  readonly metrics: PolicyMetrics;
  readonly annotations: Map<string, Set<string>>;
}

/** Does with a verdict what the binding says. */
function enforce({ policy, binding, attributes, started, verdict, metrics, annotations }: Enforcement): Denial[] {
  const names = { policy: policy.metadata.name, binding: binding.metadata.name };
  const denials: Denial[] = [];
  for (const [index, decision] of verdict.decisions.entries()) {
    const { action, evaluation, message, reason } = decision;
    const check = { ...names, error: message, started };
    if (action === 'admit') {
      if (evaluation === 'error') metrics.observe({ ...check, action: 'allow' });
      continue;
    }
    for (const wanted of binding.spec.validationActions) {
      if (wanted === 'Deny') denials.push({ ...names, message, reason });
      else if (wanted === 'Audit') auditFailure(attributes, binding, index, decision);
      else warnFailure(attributes, names, message);
      metrics.observe({ ...check, action: ACTIONS[wanted] });
    }
  }
  for (const { key, value, error } of verdict.annotations) {
    if (value !== undefined) annotations.getOrInsertComputed(key, () => new Set()).add(cut(value));
    if (error === undefined) continue;
    denials.push({ ...names, message: error, reason: '' });
    metrics.observe({ ...names, error, started, action: 'deny' });
  }
  return denials;
}

const ACTIONS = { Deny: 'deny', Audit: 'audit', Warn: 'warn' } as const;
const AUDIT_VALUE_LENGTH_MAX = 10 * 1024;

function cut(value: string): string {
  return Buffer.from(value).subarray(0, AUDIT_VALUE_LENGTH_MAX).toString();
}

function auditFailure(
  { request }: AdmissionAttributes,
  { metadata, spec }: ValidatingAdmissionPolicyBinding,
  expressionIndex: number,
  { message }: Decision,
): void {
  const { policyName, validationActions } = spec;
  const failure = { message, policy: policyName, binding: metadata.name, expressionIndex, validationActions };
  annotateAudit(request, 'validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
}

function warnFailure(
  { request }: AdmissionAttributes,
  { policy, binding }: { readonly policy: string; readonly binding: string },
  message: string,
): void {
  const text = `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`;
  if (!request.warnings.includes(text)) request.warnings.push(text);
}

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };
const INVALID = 422;

/** The first denial is what the client hears of. */
function refusal(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denial): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const { status } = forbiddenBy(attributes, text);
  return new StatusError({
    ...status,
    reason: reason || 'Invalid',
    code: CODES[reason] ?? INVALID,
    details: { ...status.details, causes: [{ message: text }] },
  } as Status);
}

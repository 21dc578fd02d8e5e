import { forbiddenRequest } from '@kts/apimachinery';

import type { Authorizer } from '../../authorization/authorizer.ts';
import { loadEvaluators, type MatchConditions } from '../policy/load-evaluators.ts';
import type { ConditionGate } from './webhook-plugin.ts';
import type { WebhookHook } from './webhook-hook.ts';

/** Evaluates match conditions, compiled once for each webhook as it is configured. */
export function conditionGate(authorizer: Authorizer): ConditionGate {
  const compiled = new WeakMap<WebhookHook, MatchConditions>();
  return async (hook, subject) => {
    const { webhookConditions } = await loadEvaluators();
    const { matchConditions = [], failurePolicy } = hook.webhook;
    const conditions = compiled.getOrInsertComputed(hook, () => webhookConditions(matchConditions, failurePolicy));
    const verdict = await conditions({ subject, params: undefined, namespace: undefined, authorizer });
    if (!('error' in verdict)) return verdict.matches;
    const { definition, name } = subject.attributes;
    throw forbiddenRequest(definition, name, verdict.error);
  };
}

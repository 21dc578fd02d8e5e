/**
 * Defaults that webhooks and policies share.
 *
 * Mirrors: pkg/apis/admissionregistration/v1/defaults.go (v1.36)
 */
import type { Draft } from '@kts/apimachinery';
import type { MatchResources, MutatingWebhook, ValidatingWebhook } from '../gen/admissionregistration-v1.gen.ts';

const TIMEOUT_SECONDS = 10;
const HTTPS_PORT = 443;

export function setWebhookDefaults(webhook: Draft<MutatingWebhook> | Draft<ValidatingWebhook>): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= TIMEOUT_SECONDS;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig.service) webhook.clientConfig.service.port ??= HTTPS_PORT;
}

export function setMatchDefaults(match: Draft<MatchResources> | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

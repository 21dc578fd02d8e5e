/**
 * Webhooks that say yes or no, all at the same time.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/validating (v1.36)
 * Differs: of several refusals the client gets that of the first webhook, not that of the fastest.
 */
import { failure, internalError } from '@kts/apimachinery';
import type { ValidatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { annotateAudit } from '../audit-annotation.ts';
import type { AdmittedSubject } from '../decode-admitted.ts';
import { isAdmissionConfiguration } from '../exempt-resources.ts';
import type { RelevantHook } from '../matching/hook-index.ts';
import { callWebhook } from './call-webhook.ts';
import { denialBy, WebhookCallError } from './webhook-errors.ts';
import type { WebhookHook } from './webhook-hook.ts';
import { admittedByHook, passOn, type WebhookParts } from './webhook-plugin.ts';

const FAILED_OPEN = 'failed-open.validating.webhook.admission.k8s.io/';

type Parts = WebhookParts<ValidatingWebhook>;

export function validatingWebhooks(parts: Parts): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    validate(attributes) {
      if (parts.hooks.isEmpty || isAdmissionConfiguration(attributes)) return undefined;
      const relevant = parts.hooks.relevantTo(attributes);
      return relevant.length === 0 ? undefined : askAll(parts, relevant, attributes);
    },
  };
}

async function askAll(
  parts: Parts,
  relevant: readonly RelevantHook<WebhookHook>[],
  attributes: AdmissionAttributes,
): Promise<void> {
  const calls: { readonly hook: WebhookHook; readonly subject: AdmittedSubject }[] = [];
  for (const entry of relevant) {
    const subject = await admittedByHook(parts, entry, attributes);
    if (subject) calls.push({ hook: entry.hook, subject });
  }
  if (calls.length === 0) return;
  if (attributes.request.signal.aborted) {
    throw failure('Timeout', 'request did not complete within requested timeout');
  }
  const outcomes = await Promise.allSettled(calls.map(({ hook, subject }, index) => ask(parts, hook, subject, index)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Throws what the client gets. */
async function ask(parts: Parts, { webhook }: WebhookHook, subject: AdmittedSubject, index: number): Promise<void> {
  const { name, failurePolicy } = webhook;
  const ignored = failurePolicy === 'Ignore';
  const { request, operation } = subject.attributes;
  const started = parts.clock.monotonic();
  try {
    const answer = await callWebhook(parts, webhook, subject, false);
    passOn(subject.attributes, name, answer);
    if (!answer.allowed) throw denialBy(name, answer.result);
    parts.metrics.observe({ webhook: name, type: 'validating', operation, started });
  } catch (error) {
    parts.metrics.observe({ webhook: name, type: 'validating', operation, started, error, ignored });
    if (!(error instanceof WebhookCallError)) throw error;
    if (!ignored) throw internalError(error.message);
    if (!error.canceled) annotateAudit(request, `${FAILED_OPEN}round_0_index_${index}`, name);
    parts.log.warn('webhook failed, request goes on', { webhook: name, error: error.message });
  }
}

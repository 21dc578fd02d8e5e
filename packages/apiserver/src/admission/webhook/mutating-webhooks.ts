/**
 * Webhooks that may change an object, one after the other.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/mutating (v1.36)
 * Differs: between webhooks the object goes back to the request's own version, where upstream keeps the last one's.
 */
import { failure, internalError } from '@kts/apimachinery';
import type { MutatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from '../admission.ts';
import { annotateAudit } from '../audit-annotation.ts';
import { replaceAdmitted, type AdmittedSubject } from '../decode-admitted.ts';
import { isAdmissionConfiguration } from '../exempt-resources.ts';
import type { RelevantHook } from '../matching/hook-index.ts';
import { applyWebhookPatch } from './apply-webhook-patch.ts';
import { callWebhook } from './call-webhook.ts';
import { ReinvokedHooks } from '../reinvoked-hooks.ts';
import { denialBy, WebhookCallError } from './webhook-errors.ts';
import type { WebhookHook } from './webhook-hook.ts';
import { admittedByHook, passOn, type WebhookParts } from './webhook-plugin.ts';

const NAME = 'MutatingAdmissionWebhook';
const MUTATION = 'mutation.webhook.admission.k8s.io/';
/** The audit log keeps these only where it keeps whole requests, as a patch is a part of one. */
const PATCH = 'patch.webhook.admission.k8s.io/';

type Parts = WebhookParts<MutatingWebhook>;
type Relevant = RelevantHook<WebhookHook<MutatingWebhook>>;

export function mutatingWebhooks(parts: Parts): AdmissionPlugin {
  return {
    name: NAME,
    admit(attributes, reinvocation) {
      if (parts.hooks.isEmpty || isAdmissionConfiguration(attributes)) return undefined;
      const relevant = parts.hooks.relevantTo(attributes);
      return relevant.length === 0 ? undefined : askAll(parts, relevant, attributes, reinvocation);
    },
  };
}

async function askAll(
  parts: Parts,
  relevant: readonly Relevant[],
  attributes: AdmissionAttributes,
  reinvocation: Reinvocation,
): Promise<void> {
  const reinvoked = reinvocation.state(NAME, () => new ReinvokedHooks());
  if (reinvocation.isSecondRound) reinvoked.enterAgain(attributes.object);
  for (const entry of relevant) {
    const { hook, index } = entry;
    const subject = await admittedByHook(parts, entry, attributes);
    if (!subject || (reinvocation.isSecondRound && !reinvoked.isToBeAskedAgain(hook.id))) continue;
    const key = `round_${reinvocation.isSecondRound ? 1 : 0}_index_${index}`;
    const changed = await ask(parts, hook, subject, key);
    if (changed) {
      reinvoked.requireAgain();
      reinvocation.require();
    }
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') reinvoked.add(hook.id);
  }
  reinvoked.leave(attributes.object);
}

/** Whether the webhook has changed the object. Throws what the client gets. */
async function ask(
  parts: Parts,
  hook: WebhookHook<MutatingWebhook>,
  subject: AdmittedSubject,
  key: string,
): Promise<boolean> {
  const { webhook, configuration } = hook;
  const { request, operation } = subject.attributes;
  const started = parts.clock.monotonic();
  let changed = false;
  try {
    changed = await askOne(parts, hook, subject, key);
    parts.metrics.observe({ webhook: webhook.name, type: 'admit', operation, started });
  } catch (error) {
    parts.metrics.observe({
      webhook: webhook.name,
      type: 'admit',
      operation,
      started,
      error,
      ignored: ignores(webhook),
    });
    if (!(error instanceof WebhookCallError)) throw error;
    if (!ignores(webhook)) throw internalError(error.message);
    if (!error.canceled) annotateAudit(request, `failed-open.${MUTATION}${key}`, webhook.name);
    parts.log.warn('webhook failed, request goes on', { webhook: webhook.name, error: error.message });
    if (request.signal.aborted) throw failure('Timeout', 'request did not complete within requested timeout');
  } finally {
    const value = { configuration, webhook: webhook.name, mutated: changed };
    annotateAudit(request, MUTATION + key, JSON.stringify(value));
  }
  return changed;
}

async function askOne(
  parts: Parts,
  { webhook, configuration }: WebhookHook<MutatingWebhook>,
  subject: AdmittedSubject,
  key: string,
): Promise<boolean> {
  const answer = await callWebhook(parts, webhook, subject, true);
  passOn(subject.attributes, webhook.name, answer);
  if (!answer.allowed) throw denialBy(webhook.name, answer.result);
  const patch = applyWebhookPatch(webhook.name, answer, subject);
  if (!patch) return false;
  const value = { configuration, webhook: webhook.name, patch: patch.operations, patchType: 'JSONPatch' };
  annotateAudit(subject.attributes.request, PATCH + key, JSON.stringify(value));
  await replaceAdmitted(patch.object, subject);
  return patch.changed;
}

function ignores({ failurePolicy }: MutatingWebhook): boolean {
  return failurePolicy === 'Ignore';
}

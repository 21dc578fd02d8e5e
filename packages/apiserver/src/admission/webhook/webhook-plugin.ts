import type { Clock, Logger, Random } from '@kts/base';
import type { MutatingWebhook, ValidatingWebhook } from '@kts/api/types/admissionregistration-v1';

import { annotateAudit } from '../audit-annotation.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { admittedSubject, type AdmittedSubject } from '../decode-admitted.ts';
import type { LiveObjects } from '../live-objects.ts';
import type { HookIndex, RelevantHook } from '../matching/hook-index.ts';
import { selectorsMatch } from '../matching/selectors.ts';
import type { ReviewAnswer } from './admission-review.ts';
import type { WebhookClient } from './webhook-client.ts';
import type { WebhookHook } from './webhook-hook.ts';
import type { WebhookMetrics } from './webhook-metrics.ts';

/** What both kinds of webhooks work with. */
export interface WebhookParts<W extends ValidatingWebhook | MutatingWebhook> {
  readonly hooks: HookIndex<WebhookHook<W>>;
  readonly live: LiveObjects;
  readonly client: WebhookClient;
  readonly conditions: ConditionGate;
  readonly metrics: WebhookMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Looks at the match conditions of a webhook; throws what the client gets if it cannot be said whether they hold. */
export type ConditionGate = (hook: WebhookHook, subject: AdmittedSubject) => Promise<boolean>;

/** The request as the webhook is to see it; undefined if it is not to be asked. */
export async function admittedByHook<W extends ValidatingWebhook | MutatingWebhook>(
  { live, conditions }: WebhookParts<W>,
  { hook, ways }: RelevantHook<WebhookHook<W>>,
  attributes: AdmissionAttributes,
): Promise<AdmittedSubject | undefined> {
  if (!(await selectorsMatch(hook.selectors, attributes, live))) return undefined;
  const subject = await admittedSubject(attributes, ways[0]!.definition);
  if ((hook.webhook.matchConditions ?? []).length === 0) return subject;
  return (await conditions(hook, subject)) ? subject : undefined;
}

/** Hands on what a webhook says besides its verdict. */
export function passOn({ request }: AdmissionAttributes, webhook: string, answer: ReviewAnswer): void {
  for (const [key, value] of Object.entries(answer.auditAnnotations))
    annotateAudit(request, `${webhook}/${key}`, value);
  for (const text of answer.warnings) if (!request.warnings.includes(text)) request.warnings.push(text);
}

import type { KubeObject } from '@kts/apimachinery';
import type { MutatingWebhook, ValidatingWebhook } from '@kts/api/types/admissionregistration-v1';

import type { ResourceMatch } from '../matching/match-ways.ts';
import { hookSelectors, type HookSelectors } from '../matching/selectors.ts';

/** One webhook of a configuration, ready to be matched. */
export interface WebhookHook<W extends ValidatingWebhook | MutatingWebhook = ValidatingWebhook> {
  readonly webhook: W;
  readonly configuration: string;
  /** Unique among all webhooks of its kind, though names need not be. */
  readonly id: string;
  readonly selectors: HookSelectors;
  readonly match: ResourceMatch;
}

export interface WebhookConfiguration<W> extends KubeObject {
  readonly webhooks?: readonly W[];
}

/**
 * The webhooks of all configurations in the order in which they are asked: by name of the configuration, then as they
 * stand in it.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/admission/configuration (v1.36)
 */
export function webhookHooks<W extends ValidatingWebhook | MutatingWebhook>(
  configurations: Iterable<WebhookConfiguration<W>>,
): WebhookHook<W>[] {
  const sorted = [...configurations].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return sorted.flatMap(({ metadata, webhooks = [] }) => {
    const seen = new Map<string, number>();
    return webhooks.map((webhook) => {
      const count = seen.get(webhook.name) ?? 0;
      seen.set(webhook.name, count + 1);
      return {
        webhook,
        configuration: metadata.name,
        id: `${metadata.name}/${webhook.name}/${count}`,
        selectors: hookSelectors(webhook),
        match: webhookMatch(webhook),
      };
    });
  });
}

function webhookMatch({ rules = [], matchPolicy }: ValidatingWebhook): ResourceMatch {
  return { rules, excluded: [], equivalent: matchPolicy === 'Equivalent', withoutRules: 'nothing' };
}

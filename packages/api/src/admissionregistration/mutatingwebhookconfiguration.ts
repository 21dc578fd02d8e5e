import { defineResource } from '../define-resource.ts';
import type { MutatingWebhookConfiguration } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
import { setWebhookDefaults } from './match-defaults.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { validateWebhooks } from './webhook-validation.ts';

/**
 * Servers that may change objects on their way in.
 *
 * Mirrors: pkg/registry/admissionregistration/mutatingwebhookconfiguration, pkg/apis/admissionregistration/v1 (v1.36)
 */
export const mutatingWebhookConfigurations = defineResource<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ webhooks }) => {
      for (const webhook of webhooks ?? []) {
        setWebhookDefaults(webhook);
        webhook.reinvocationPolicy ??= 'Never';
      }
    },
    load: ({ webhooks = [] }) =>
      webhooks.some(({ matchConditions = [] }) => matchConditions.length > 0) ? loadExpressionCompiler() : undefined,
    validate: ({ webhooks }) => validateWebhooks(webhooks),
    validateUpdate: ({ webhooks }, old) => validateWebhooks(webhooks, old.webhooks ?? []),
    warnings: staticSuffixWarnings,
    cells: ({ metadata, webhooks }, now) => [
      metadata.name,
      webhooks?.length ?? 0,
      age(metadata.creationTimestamp, now),
    ],
  },
);

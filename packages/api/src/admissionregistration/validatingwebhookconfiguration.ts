import { defineResource } from '../define-resource.ts';
import type { ValidatingWebhookConfiguration } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
import { setWebhookDefaults } from './match-defaults.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { validateWebhooks } from './webhook-validation.ts';

/**
 * Servers that are asked whether an object is good.
 *
 * Mirrors: pkg/registry/admissionregistration/validatingwebhookconfiguration, pkg/apis/admissionregistration/v1 (v1.36)
 */
export const validatingWebhookConfigurations = defineResource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ webhooks }) => {
      for (const webhook of webhooks ?? []) setWebhookDefaults(webhook);
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

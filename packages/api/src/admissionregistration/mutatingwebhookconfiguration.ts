import { defineResource } from '../define-resource.ts';
import type { MutatingWebhookConfiguration } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setWebhookDefaults } from './match-defaults.ts';

/**
 * Servers that may change objects on their way in.
 *
 * Mirrors: pkg/registry/admissionregistration/mutatingwebhookconfiguration, pkg/apis/admissionregistration/v1 (v1.36)
 * Differs: webhooks are not validated yet beyond their schema.
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
    cells: ({ metadata, webhooks }, now) => [
      metadata.name,
      webhooks?.length ?? 0,
      age(metadata.creationTimestamp, now),
    ],
  },
);

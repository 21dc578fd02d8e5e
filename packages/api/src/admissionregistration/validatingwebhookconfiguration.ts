import { defineResource } from '../define-resource.ts';
import type { ValidatingWebhookConfiguration } from '../gen/admissionregistration-v1.gen.ts';

export const validatingWebhookConfigurations = defineResource<ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
);

import { defineResource } from '../define-resource.ts';
import type { MutatingWebhookConfiguration } from '../gen/admissionregistration-v1.gen.ts';

export const mutatingWebhookConfigurations = defineResource<MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
);

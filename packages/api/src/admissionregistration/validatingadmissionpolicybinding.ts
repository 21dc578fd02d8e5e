import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicybindings',
);

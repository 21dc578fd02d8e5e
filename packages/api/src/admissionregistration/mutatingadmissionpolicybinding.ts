import { defineResource } from '../define-resource.ts';
import type { MutatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';

export const mutatingAdmissionPolicyBindings = defineResource<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
);

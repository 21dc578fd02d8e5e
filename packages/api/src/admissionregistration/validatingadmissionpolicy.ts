import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicy } from '../gen/admissionregistration-v1.gen.ts';

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicies',
);

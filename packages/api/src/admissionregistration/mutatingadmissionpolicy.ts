import { defineResource } from '../define-resource.ts';
import type { MutatingAdmissionPolicy } from '../gen/admissionregistration-v1.gen.ts';

export const mutatingAdmissionPolicies = defineResource<MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicies',
);

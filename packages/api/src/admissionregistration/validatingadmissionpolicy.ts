import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicy } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramKindText } from './policy-cells.ts';

/**
 * Conditions, written in CEL, that objects must meet.
 *
 * Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicy, pkg/apis/admissionregistration/v1 (v1.36)
 * Differs: expressions are not validated here: that takes a CEL compiler, which a higher layer has.
 */
export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicies',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => {
      spec.failurePolicy ??= 'Fail';
      setMatchDefaults(spec.matchConstraints);
    },
    prepareForCreate: (draft) => {
      draft.status = {};
    },
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.validations?.length ?? 0,
      paramKindText(spec.paramKind),
      age(metadata.creationTimestamp, now),
    ],
  },
);

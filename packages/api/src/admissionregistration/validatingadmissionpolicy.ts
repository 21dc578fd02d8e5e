import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicy } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramKindText } from './policy-cells.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { validateValidatingPolicy, validateValidatingPolicyStatus } from './validatingadmissionpolicy-validation.ts';

/**
 * Conditions, written in CEL, that objects must meet.
 *
 * Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicy, pkg/apis/admissionregistration/v1 (v1.36)
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
    load: loadExpressionCompiler,
    validate: (policy) => validateValidatingPolicy(policy),
    validateUpdate: (policy, old) => validateValidatingPolicy(policy, old),
    validateStatusUpdate: (policy) => validateValidatingPolicyStatus(policy),
    warnings: staticSuffixWarnings,
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.validations?.length ?? 0,
      paramKindText(spec.paramKind),
      age(metadata.creationTimestamp, now),
    ],
  },
);

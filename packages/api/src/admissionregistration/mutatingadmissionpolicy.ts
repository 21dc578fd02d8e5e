import { defineResource } from '../define-resource.ts';
import type { MutatingAdmissionPolicy } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { loadExpressionCompiler } from './expression-compiler.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { validateMutatingPolicy } from './mutatingadmissionpolicy-validation.ts';
import { paramKindText } from './policy-cells.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { storedAsBeta } from './stored-as-beta.ts';

/**
 * Changes, written in CEL, that objects get on their way in.
 *
 * Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicy, pkg/apis/admissionregistration/v1 (v1.36)
 */
export const mutatingAdmissionPolicies = defineResource<MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicies',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => {
      spec.failurePolicy ??= 'Fail';
      setMatchDefaults(spec.matchConstraints);
    },
    load: loadExpressionCompiler,
    validate: (policy) => validateMutatingPolicy(policy),
    validateUpdate: (policy, old) => validateMutatingPolicy(policy, old),
    warnings: staticSuffixWarnings,
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.mutations?.length ?? 0,
      paramKindText(spec.paramKind),
      age(metadata.creationTimestamp, now),
    ],
  },
  storedAsBeta(),
);

import { defineResource } from '../define-resource.ts';
import type { MutatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateMutatingBinding } from './binding-validation.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramRefText } from './policy-cells.ts';
import { staticSuffixWarnings } from './static-suffix.ts';
import { storedAsBeta } from './stored-as-beta.ts';

/**
 * Where a mutating policy applies, and with which parameters.
 *
 * Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicybinding (v1.36)
 */
export const mutatingAdmissionPolicyBindings = defineResource<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => setMatchDefaults(spec.matchResources),
    validate: (binding) => validateMutatingBinding(binding),
    validateUpdate: (binding) => validateMutatingBinding(binding),
    warnings: staticSuffixWarnings,
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.policyName ?? '',
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
  storedAsBeta(),
);

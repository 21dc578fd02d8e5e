import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateValidatingBinding } from './binding-validation.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramRefText } from './policy-cells.ts';
import { staticSuffixWarnings } from './static-suffix.ts';

/**
 * Where a policy applies, and with which parameters.
 *
 * Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicybinding (v1.36)
 */
export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicybindings',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => setMatchDefaults(spec.matchResources),
    validate: (binding) => validateValidatingBinding(binding),
    validateUpdate: (binding) => validateValidatingBinding(binding),
    warnings: staticSuffixWarnings,
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.policyName,
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
);

import { defineResource } from '../define-resource.ts';
import type { ValidatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramRefText } from './policy-cells.ts';

/**
 * Where a policy applies, and with which parameters.
 *
 * Mirrors: pkg/registry/admissionregistration/validatingadmissionpolicybinding (v1.36)
 * Differs: references are not validated yet beyond their schema.
 */
export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicybindings',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => setMatchDefaults(spec.matchResources),
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.policyName,
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
);

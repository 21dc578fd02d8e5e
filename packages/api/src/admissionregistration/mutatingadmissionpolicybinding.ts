import { defineResource } from '../define-resource.ts';
import type { MutatingAdmissionPolicyBinding } from '../gen/admissionregistration-v1.gen.ts';
import { age } from '../human-duration.ts';
import { setMatchDefaults } from './match-defaults.ts';
import { paramRefText } from './policy-cells.ts';
import { storedAsBeta } from './stored-as-beta.ts';

/**
 * Where a mutating policy applies, and with which parameters.
 *
 * Mirrors: pkg/registry/admissionregistration/mutatingadmissionpolicybinding (v1.36)
 * Differs: references are not validated yet beyond their schema.
 */
export const mutatingAdmissionPolicyBindings = defineResource<MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
  {
    requireResourceVersionOnUpdate: true,
    setDefaults: ({ spec }) => setMatchDefaults(spec.matchResources),
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.policyName ?? '',
      paramRefText(spec.paramRef),
      age(metadata.creationTimestamp, now),
    ],
  },
  storedAsBeta(),
);

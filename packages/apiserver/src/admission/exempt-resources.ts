/**
 * Requests that no webhook and no policy gets to see.
 *
 * Mirrors: IsExemptAdmissionConfigurationResource in
 * staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules/rules.go, and
 * pkg/kubeapiserver/admission/exclusion/resources.go (v1.36)
 */
import { resourceOf, type AdmissionAttributes } from './admission.ts';

const GROUP = 'admissionregistration.k8s.io';
const CONFIGURATION_KINDS: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** A hook that could refuse changes of itself could never be got rid of. */
export function isAdmissionConfiguration({ definition }: AdmissionAttributes): boolean {
  return definition.group === GROUP && CONFIGURATION_KINDS.has(definition.kind);
}

const POLICIES: ReadonlySet<string> = new Set([
  `validatingadmissionpolicies.${GROUP}`,
  `validatingadmissionpolicybindings.${GROUP}`,
  `mutatingadmissionpolicies.${GROUP}`,
  `mutatingadmissionpolicybindings.${GROUP}`,
]);
/** Questions about identity and permissions: without answers to them nothing works. */
const REVIEWS: ReadonlySet<string> = new Set([
  'tokenreviews.authentication.k8s.io',
  'selfsubjectreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);

/** What policies leave alone, which is not quite what webhooks leave alone. */
export function isExemptFromPolicies(attributes: AdmissionAttributes): boolean {
  const resource = resourceOf(attributes);
  return POLICIES.has(resource) || REVIEWS.has(resource);
}

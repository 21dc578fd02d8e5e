/**
 * Where policies apply.
 *
 * Mirrors: pkg/apis/admissionregistration/validation/validation.go (v1.36), ValidateValidatingAdmissionPolicyBinding and
 * ValidateMutatingAdmissionPolicyBinding
 */
import {
  duplicate,
  FieldPath,
  invalid,
  isDNS1123Subdomain,
  notSupported,
  required,
  type FieldError,
} from '@kts/apimachinery';
import type {
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBinding,
} from '../gen/admissionregistration-v1.gen.ts';
import { validateMatchResources, validateMutableOperations } from './match-resources-validation.ts';
import { validateParamRef } from './param-validation.ts';

const ACTIONS = ['Audit', 'Deny', 'Warn'];

export function validateValidatingBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const path = FieldPath.of('spec');
  return [
    ...validateSpec(spec, path),
    ...validateActions(spec.validationActions ?? [], path.child('validationActions')),
  ];
}

export function validateMutatingBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  const path = FieldPath.of('spec');
  return [...validateSpec(spec, path), ...validateMutableOperations(spec.matchResources, path.child('matchResources'))];
}

function validateSpec(spec: MutatingAdmissionPolicyBinding['spec'], path: FieldPath): FieldError[] {
  const { policyName = '' } = spec;
  const nameAt = path.child('policyName');
  return [
    ...(policyName === ''
      ? [required(nameAt)]
      : isDNS1123Subdomain(policyName).map((complaint) => invalid(nameAt, policyName, complaint))),
    ...validateParamRef(spec.paramRef, path.child('paramRef')),
    ...validateMatchResources(spec.matchResources, path.child('matchResources')),
  ];
}

function validateActions(actions: readonly string[], path: FieldPath): FieldError[] {
  const errors = actions.flatMap((action, index) => [
    ...(ACTIONS.includes(action) ? [] : [notSupported(path.index(index), action, ACTIONS)]),
    ...(actions.indexOf(action) < index ? [duplicate(path.index(index), action)] : []),
  ]);
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why = 'repeating the same validation failure information in the API response and headers serves no purpose';
    errors.push(invalid(path, actions, `must not contain both Deny and Warn (${why})`));
  }
  return actions.length === 0 ? [...errors, required(path, 'at least one validation action is required')] : errors;
}

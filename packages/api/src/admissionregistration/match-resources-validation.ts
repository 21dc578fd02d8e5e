/**
 * What a policy, or a binding of one, is about.
 *
 * Mirrors: validateMatchResources and validateNamedRuleWithOperations in
 * pkg/apis/admissionregistration/validation/validation.go (v1.36)
 */
import {
  duplicate,
  invalid,
  isPathSegmentName,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { checkSupported } from '../field-checks.ts';
import type { MatchResources, NamedRuleWithOperations } from '../gen/admissionregistration-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';
import { validateRuleWithOperations } from './rule-validation.ts';

export function validateMatchResources(match: MatchResources | undefined, path: FieldPath): FieldError[] {
  if (!match) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match;
  return [
    ...(matchPolicy === undefined
      ? [required(path.child('matchPolicy'))]
      : checkSupported(matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy'))),
    ...(namespaceSelector
      ? validateLabelSelector(namespaceSelector, path.child('namespaceSelector'))
      : [required(path.child('namespaceSelector'))]),
    ...(objectSelector
      ? validateLabelSelector(objectSelector, path.child('objectSelector'))
      : [required(path.child('objectSelector'))]),
    ...validateRules(resourceRules, path.child('resourceRules')),
    ...validateRules(excludeResourceRules, path.child('excludeResourceRules')),
  ];
}

function validateRules(rules: readonly NamedRuleWithOperations[], path: FieldPath): FieldError[] {
  return rules.flatMap((rule, index) => {
    const at = path.index(index);
    const names = rule.resourceNames ?? [];
    return [
      ...names.flatMap((name, nameIndex) => {
        const nameAt = at.child('resourceNames').index(nameIndex);
        const complaints = isPathSegmentName(name).map((complaint) => invalid(nameAt, name, complaint));
        return names.indexOf(name) < nameIndex ? [...complaints, duplicate(nameAt, name)] : complaints;
      }),
      ...validateRuleWithOperations(rule, at),
    ];
  });
}

const MUTABLE_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. */
export function validateMutableOperations(match: MatchResources | undefined, path: FieldPath): FieldError[] {
  return (match?.resourceRules ?? []).flatMap(({ operations = [] }) =>
    operations
      .filter((operation) => !MUTABLE_OPERATIONS.includes(operation))
      .map((operation) => notSupported(path.child('resourceRules', 'operations'), operation, MUTABLE_OPERATIONS)),
  );
}

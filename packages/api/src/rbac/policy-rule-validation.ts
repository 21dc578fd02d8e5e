/**
 * Rules of roles, and subjects of bindings.
 *
 * Mirrors: pkg/apis/rbac/validation/validation.go, pkg/apis/rbac/v1/defaults.go (v1.36)
 */
import {
  FieldPath,
  invalid,
  isPathSegmentName,
  nameIsDNSSubdomain,
  notSupported,
  required,
  type Draft,
  type FieldError,
} from '@kts/apimachinery';
import { checkSupported, invalidEach } from '../field-checks.ts';
import type { PolicyRule, RoleRef, Subject } from '../gen/rbac-v1.gen.ts';
import { internalForm } from '../internal-form.ts';

const GROUP = 'rbac.authorization.k8s.io';

export function validatePolicyRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) =>
    validatePolicyRule(rule, namespaced, FieldPath.of('rules').index(index)),
  );
}

function validatePolicyRule(rule: PolicyRule, namespaced: boolean, path: FieldPath): FieldError[] {
  const { nonResourceURLs = [] } = rule;
  const errors = rule.verbs?.length ? [] : [required(path.child('verbs'), 'verbs must contain at least one value')];
  if (nonResourceURLs.length > 0) {
    const at = path.child('nonResourceURLs');
    if (namespaced) errors.push(invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
      const text = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(at, nonResourceURLs, text));
    }
    return errors;
  }
  if (!rule.apiGroups?.length) {
    errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  }
  if (!rule.resources?.length) {
    errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  }
  return errors;
}

interface Binding {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export function setBindingDefaults({ roleRef, subjects }: Draft<Binding>): void {
  if (roleRef && !roleRef.apiGroup) roleRef.apiGroup = GROUP;
  for (const subject of subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = GROUP;
  }
}

export function validateBinding({ roleRef, subjects = [] }: Binding, namespaced: boolean): FieldError[] {
  const path = FieldPath.of('roleRef');
  const { apiGroup = '', kind, name } = roleRef ?? {};
  return [
    ...checkSupported(apiGroup, [GROUP], path.child('apiGroup')),
    ...checkSupported(kind, namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'], path.child('kind')),
    ...(name ? invalidEach(path.child('name'), name, isPathSegmentName(name)) : [required(path.child('name'))]),
    ...subjects.flatMap((subject, index) =>
      validateSubject(subject, namespaced, FieldPath.of('subjects').index(index)),
    ),
  ];
}

function validateSubject(
  { kind, apiGroup = '', name, namespace }: Subject,
  namespaced: boolean,
  path: FieldPath,
): FieldError[] {
  const errors = name ? [] : [required(path.child('name'))];
  switch (kind) {
    case 'ServiceAccount':
      if (name) errors.push(...invalidEach(path.child('name'), name, nameIsDNSSubdomain(name, false)));
      if (apiGroup) errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && !namespace) errors.push(required(path.child('namespace')));
      return errors;
    case 'User':
    case 'Group':
      return [...errors, ...checkSupported(apiGroup, [GROUP], path.child('apiGroup'))];
    default:
      return [...errors, notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group'])];
  }
}

/** Whatever fits into a path; prefixes are held to the same. */
export const validateRbacName = (name: string): readonly string[] => isPathSegmentName(name);

/** A binding is for one role for ever. */
export function validateRoleRefChange(roleRef: RoleRef, old: RoleRef): FieldError[] {
  const fields = ['apiGroup', 'kind', 'name'] as const;
  if (fields.every((field) => roleRef[field] === old[field])) return [];
  return [invalid(FieldPath.of('roleRef'), internalForm('rbac.v1.RoleRef', roleRef), 'cannot change roleRef')];
}

/** Names of the subjects of one kind; service accounts with their namespace. */
export function subjectsText(subjects: readonly Subject[] | undefined, kind: string): string {
  return (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}

import { FieldPath, invalid, required, type FieldError } from '@kts/apimachinery';
import { matcherOf } from '../core/pod-template.ts';
import { defineResource } from '../define-resource.ts';
import type { ClusterRole } from '../gen/rbac-v1.gen.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { validatePolicyRules } from './policy-rule-validation.ts';
import { validateRbacName } from './policy-rule-validation.ts';

/**
 * Permissions everywhere, and on what is in no namespace.
 *
 * Mirrors: pkg/registry/rbac/clusterrole, pkg/apis/rbac/validation (v1.36)
 */
export const clusterRoles = defineResource<ClusterRole>('rbac.authorization.k8s.io/v1', 'clusterroles', {
  generation: 'none',
  allowCreateOnUpdate: true,
  validateName: validateRbacName,
  validate: (role) => validateClusterRole(role, false),
  validateUpdate: (role, old) => [
    ...validateObjectMeta(role.metadata, { namespaced: false, validateName: validateRbacName }),
    ...validateClusterRole(role, (old.aggregationRule?.clusterRoleSelectors ?? []).some(hasInvalidLabelValue)),
  ],
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
});

function validateClusterRole({ rules, aggregationRule }: ClusterRole, allowInvalidValues: boolean): FieldError[] {
  const errors = validatePolicyRules(rules, false);
  if (!aggregationRule) return errors;
  const path = FieldPath.of('aggregationRule', 'clusterRoleSelectors');
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  for (const [index, selector] of selectors.entries()) {
    errors.push(...validateLabelSelector(selector, path.index(index), { allowInvalidValues }));
    if (!matcherOf(selector)) errors.push(invalid(path.index(index), null, 'invalid label selector.'));
  }
  return errors;
}

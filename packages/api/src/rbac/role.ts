import {} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { Role } from '../gen/rbac-v1.gen.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { validatePolicyRules } from './policy-rule-validation.ts';
import { validateRbacName } from './policy-rule-validation.ts';

/**
 * Permissions in a namespace.
 *
 * Mirrors: pkg/registry/rbac/role, pkg/apis/rbac/validation (v1.36)
 */
export const roles = defineResource<Role>('rbac.authorization.k8s.io/v1', 'roles', {
  generation: 'none',
  allowCreateOnUpdate: true,
  validateName: validateRbacName,
  validate: ({ rules }) => validatePolicyRules(rules, true),
  validateUpdate: ({ metadata, rules }) => [
    ...validateObjectMeta(metadata, { namespaced: true, validateName: validateRbacName }),
    ...validatePolicyRules(rules, true),
  ],
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
});

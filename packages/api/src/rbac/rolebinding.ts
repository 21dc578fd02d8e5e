import {} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { RoleBinding } from '../gen/rbac-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { setBindingDefaults, subjectsText, validateBinding, validateRoleRefChange } from './policy-rule-validation.ts';
import { validateRbacName } from './policy-rule-validation.ts';

/**
 * Who has a role in a namespace.
 *
 * Mirrors: pkg/registry/rbac/rolebinding, pkg/apis/rbac/{v1,validation} (v1.36)
 */
export const roleBindings = defineResource<RoleBinding>('rbac.authorization.k8s.io/v1', 'rolebindings', {
  generation: 'none',
  allowCreateOnUpdate: true,
  validateName: validateRbacName,
  setDefaults: setBindingDefaults,
  validate: (binding) => validateBinding(binding, true),
  validateUpdate: (binding, old) => [
    ...validateObjectMeta(binding.metadata, { namespaced: true, validateName: validateRbacName }),
    ...validateBinding(binding, true),
    ...validateRoleRefChange(binding.roleRef, old.roleRef),
  ],
  cells: ({ metadata, roleRef, subjects }, now) => [
    metadata.name,
    `${roleRef.kind}/${roleRef.name}`,
    age(metadata.creationTimestamp, now),
    subjectsText(subjects, 'User'),
    subjectsText(subjects, 'Group'),
    subjectsText(subjects, 'ServiceAccount'),
  ],
});

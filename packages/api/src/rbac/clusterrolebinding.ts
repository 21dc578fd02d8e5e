import {} from '@kts/apimachinery';
import { defineResource } from '../define-resource.ts';
import type { ClusterRoleBinding } from '../gen/rbac-v1.gen.ts';
import { age } from '../human-duration.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { setBindingDefaults, subjectsText, validateBinding, validateRoleRefChange } from './policy-rule-validation.ts';
import { validateRbacName } from './policy-rule-validation.ts';

/**
 * Who has a role everywhere.
 *
 * Mirrors: pkg/registry/rbac/clusterrolebinding, pkg/apis/rbac/{v1,validation} (v1.36)
 */
export const clusterRoleBindings = defineResource<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  {
    generation: 'none',
    allowCreateOnUpdate: true,
    validateName: validateRbacName,
    setDefaults: setBindingDefaults,
    validate: (binding) => validateBinding(binding, false),
    validateUpdate: (binding, old) => [
      ...validateObjectMeta(binding.metadata, { namespaced: false, validateName: validateRbacName }),
      ...validateBinding(binding, false),
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
  },
);

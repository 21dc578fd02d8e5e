import { defineResource } from '../define-resource.ts';
import type { ClusterRoleBinding } from '../gen/rbac-v1.gen.ts';

export const clusterRoleBindings = defineResource<ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
);

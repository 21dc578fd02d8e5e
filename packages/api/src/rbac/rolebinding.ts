import { defineResource } from '../define-resource.ts';
import type { RoleBinding } from '../gen/rbac-v1.gen.ts';

export const roleBindings = defineResource<RoleBinding>('rbac.authorization.k8s.io/v1', 'rolebindings');

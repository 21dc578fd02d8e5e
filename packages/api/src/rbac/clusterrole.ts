import { defineResource } from '../define-resource.ts';
import type { ClusterRole } from '../gen/rbac-v1.gen.ts';

export const clusterRoles = defineResource<ClusterRole>('rbac.authorization.k8s.io/v1', 'clusterroles');

import { defineResource } from '../define-resource.ts';
import type { Role } from '../gen/rbac-v1.gen.ts';

export const roles = defineResource<Role>('rbac.authorization.k8s.io/v1', 'roles');

import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@kts/api';

import type { FollowerOptions, ObjectFollower } from '../follow/object-follower.ts';
import { followObjects } from '../follow/object-follower.ts';
import type { RbacRules } from './rbac-rules.ts';

type FollowerDeps = Pick<FollowerOptions<never>, 'ask' | 'clock' | 'log'>;

/** Keeps the rules up with the stored roles and bindings. */
export function followRbac(rules: RbacRules, deps: FollowerDeps): readonly ObjectFollower[] {
  return [
    followObjects({ ...deps, resource: clusterRoles, onObject: ({ name }, role) => rules.setClusterRole(name, role) }),
    followObjects({
      ...deps,
      resource: roles,
      onObject: ({ namespace, name }, role) => rules.setRole(namespace, name, role),
    }),
    followObjects({
      ...deps,
      resource: clusterRoleBindings,
      onObject: ({ name }, binding) => rules.setBinding('', name, binding),
    }),
    followObjects({
      ...deps,
      resource: roleBindings,
      onObject: ({ namespace, name }, binding) => rules.setBinding(namespace, name, binding),
    }),
  ];
}

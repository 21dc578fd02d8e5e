/**
 * Roles and bindings are written only by who could already do what they allow.
 *
 * Mirrors: pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go (v1.36)
 */
import { deepEqual, type KubeObject } from '@kts/apimachinery';
import type { PolicyRule, RoleRef } from '@kts/api/types/rbac-v1';

import type { CheckedObject, EscalationChecks } from '../authorization/escalation.ts';
import type { ResourceHooks, Transaction } from './resource-hooks.ts';

interface RoleLike extends KubeObject {
  readonly rules?: readonly PolicyRule[] | null;
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly unknown[] };
}

interface BindingLike extends KubeObject {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly unknown[];
}

const NOTHING: Transaction = { finish: () => Promise.resolve() };

export function rbacHooks(checks: EscalationChecks): [string, ResourceHooks][] {
  return [
    ['roles', roleHooks(checks, 'roles')],
    ['clusterroles', roleHooks(checks, 'clusterroles')],
    ['rolebindings', bindingHooks(checks, 'rolebindings')],
    ['clusterrolebindings', bindingHooks(checks, 'clusterrolebindings')],
  ];
}

function roleHooks(checks: EscalationChecks, plural: CheckedObject['plural']): ResourceHooks {
  return {
    begin: ({ request, namespace, name }, draft, old) => {
      const role = draft as unknown as RoleLike;
      const before = old as RoleLike | undefined;
      const same =
        before &&
        deepEqual(role.rules ?? [], before.rules ?? []) &&
        deepEqual(role.aggregationRule, before.aggregationRule);
      if (!same) {
        const object = { plural, namespace, name: draft.metadata.name, requestName: name };
        checks.checkRole(request.user, object, role.rules ?? [], aggregates(role) || aggregates(before));
      }
      return Promise.resolve(NOTHING);
    },
  };
}

function aggregates(role: RoleLike | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors?.length ?? 0) > 0;
}

function bindingHooks(checks: EscalationChecks, plural: CheckedObject['plural']): ResourceHooks {
  return {
    begin: ({ request, namespace, name }, draft, old) => {
      const binding = draft as unknown as BindingLike;
      const before = old as BindingLike | undefined;
      const same =
        before &&
        deepEqual(binding.roleRef, before.roleRef) &&
        deepEqual(binding.subjects ?? [], before.subjects ?? []);
      if (!same && binding.roleRef) {
        const object = { plural, namespace, name: draft.metadata.name, requestName: name };
        checks.checkBinding(request.user, object, binding.roleRef);
      }
      return Promise.resolve(NOTHING);
    },
  };
}

/**
 * Roles and bindings, indexed by whom they are for, so that a decision looks only at the user's own bindings.
 *
 * Mirrors: pkg/registry/rbac/validation/rule.go (v1.36)
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@kts/api/types/rbac-v1';

import { serviceAccountUser } from '../authentication/user-names.ts';
import type { UserInfo } from '../request.ts';

/** Where rules come from; resolved when asked, as roles may change without their bindings. */
export interface RuleSource {
  /** Undefined: the role does not exist. */
  readonly rules: readonly PolicyRule[] | undefined;
  /** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly describe: () => string;
  /** What is wrong where `rules` is undefined. */
  readonly problem: () => string;
}

/** A binding as one of its subjects sees it. */
interface Bound {
  readonly binding: ClusterRoleBinding | RoleBinding;
  readonly subject: Subject;
}

/** Bindings by subject; the cluster's have the namespace ''. */
type SubjectIndex = Map<string, Set<Bound>>;

export class RbacRules {
  readonly #clusterRoles = new Map<string, ClusterRole>();
  readonly #roles = new Map<string, Role>();
  readonly #bindings = new Map<string, SubjectIndex>();
  readonly #bound = new Map<string, readonly { readonly key: string; readonly bound: Bound }[]>();

  setClusterRole(name: string, role: ClusterRole | undefined): void {
    if (role) this.#clusterRoles.set(name, role);
    else this.#clusterRoles.delete(name);
  }

  setRole(namespace: string, name: string, role: Role | undefined): void {
    if (role) this.#roles.set(`${namespace}/${name}`, role);
    else this.#roles.delete(`${namespace}/${name}`);
  }

  /** A cluster role binding has the namespace ''. */
  setBinding(namespace: string, name: string, binding: ClusterRoleBinding | RoleBinding | undefined): void {
    const id = `${namespace}/${name}`;
    const index = this.#bindings.getOrInsertComputed(namespace, () => new Map());
    for (const { key, bound } of this.#bound.get(id) ?? []) {
      const all = index.get(key);
      all?.delete(bound);
      if (all?.size === 0) index.delete(key);
    }
    this.#bound.delete(id);
    if (!binding) return;
    const entries = (binding.subjects ?? []).flatMap((subject) => {
      const key = subjectKey(subject, namespace);
      return key === undefined ? [] : [{ key, bound: { binding, subject } }];
    });
    for (const { key, bound } of entries) index.getOrInsertComputed(key, () => new Set()).add(bound);
    this.#bound.set(id, entries);
  }

  clusterRole(name: string): ClusterRole | undefined {
    return this.#clusterRoles.get(name);
  }

  /** The rules of a role that a binding in `namespace` refers to; undefined if there is no such role. */
  rulesOf(roleRef: Pick<RoleRef, 'kind' | 'name'>, namespace: string): readonly PolicyRule[] | undefined {
    const role =
      roleRef.kind === 'ClusterRole'
        ? this.#clusterRoles.get(roleRef.name)
        : this.#roles.get(`${namespace}/${roleRef.name}`);
    return role ? (role.rules ?? []) : undefined;
  }

  /** Everything that applies to a user: the cluster's bindings, then those of the namespace (`''`: none). */
  *sourcesFor(user: UserInfo, namespace: string): Generator<RuleSource, void> {
    yield* this.#sourcesIn('', user);
    if (namespace !== '') yield* this.#sourcesIn(namespace, user);
  }

  *#sourcesIn(namespace: string, user: UserInfo): Generator<RuleSource, void> {
    const index = this.#bindings.get(namespace);
    if (!index) return;
    const own = index.get(`u:${user.name}`);
    if (own) for (const bound of own) yield this.#source(bound, namespace);
    for (const group of user.groups) {
      const all = index.get(`g:${group}`);
      if (all) for (const bound of all) yield this.#source(bound, namespace);
    }
  }

  #source({ binding, subject }: Bound, namespace: string): RuleSource {
    const { roleRef } = binding;
    return {
      rules: this.rulesOf(roleRef, namespace),
      describe: () => describeBinding(binding, subject, namespace),
      problem: () => {
        if (roleRef.kind !== 'ClusterRole' && roleRef.kind !== 'Role') {
          return `unsupported role reference kind: ${JSON.stringify(roleRef.kind)}`;
        }
        return `${roleRef.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(roleRef.name)} not found`;
      },
    };
  }
}

/** `u:` and a user's name, or `g:` and a group's. Undefined: a subject that nobody can be. */
function subjectKey(subject: Subject, namespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return `u:${subject.name}`;
    case 'Group':
      return `g:${subject.name}`;
    case 'ServiceAccount': {
      const home = subject.namespace || namespace;
      return home ? `u:${serviceAccountUser({ namespace: home, name: subject.name })}` : undefined;
    }
    default:
      return undefined;
  }
}

function describeBinding(binding: ClusterRoleBinding | RoleBinding, subject: Subject, namespace: string): string {
  const { name } = binding.metadata;
  const which = namespace
    ? `RoleBinding ${JSON.stringify(`${name}/${namespace}`)}`
    : `ClusterRoleBinding ${JSON.stringify(name)}`;
  const whom = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  const { kind, name: role } = binding.roleRef;
  return `${which} of ${kind} ${JSON.stringify(role)} to ${subject.kind} ${JSON.stringify(whom)}`;
}

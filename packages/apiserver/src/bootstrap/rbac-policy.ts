/**
 * The roles and bindings that every cluster has.
 *
 * Mirrors: plugin/pkg/auth/authorizer/rbac/bootstrappolicy (v1.36)
 */
import type { PolicyRule, Subject } from '@kts/api/types/rbac-v1';

import { CLUSTER_ROLES } from './cluster-roles.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';
import { parseRules } from './rule-lines.ts';

const RBAC = 'rbac.authorization.k8s.io';
const CONTROLLER_PREFIX = 'system:controller:';
const METADATA = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
};
const aggregatedTo = (role: string): string => `rbac.authorization.k8s.io/aggregate-to-${role}`;

/** Roles that a controller fills with the rules of others, and the role that each is itself part of. */
const AGGREGATED: readonly (readonly [name: string, partOf?: string])[] = [
  ['admin'],
  ['edit', 'admin'],
  ['view', 'edit'],
];

/** The group or user that each cluster role is for; those of controllers go to their service accounts. */
const CLUSTER_BINDINGS: Readonly<Record<string, readonly Subject[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:basic-user': [group('system:authenticated')],
  'system:discovery': [group('system:authenticated')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [account('kube-dns')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:monitoring': [group('system:monitoring')],
  'system:node': [],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:public-info-viewer': [group('system:authenticated'), group('system:unauthenticated')],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
};

interface NamespacedPolicy {
  readonly namespace: string;
  readonly role: string;
  /** Default: the role's name. */
  readonly binding?: string;
  readonly rules: string;
  readonly subjects: readonly Subject[];
}

const LEADER_LOCKING = `
  create get list update watch | coordination.k8s.io | leases
  create get list update watch | coordination.k8s.io | leasecandidates
`;

const NAMESPACED: readonly NamespacedPolicy[] = [
  {
    namespace: 'kube-public',
    role: 'system:controller:bootstrap-signer',
    rules: `
      get list watch | core | configmaps
      update | core | configmaps | cluster-info
      create patch update | core events.k8s.io | events
    `,
    subjects: [account('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    role: 'extension-apiserver-authentication-reader',
    binding: 'system::extension-apiserver-authentication-reader',
    rules: 'get list watch | core | configmaps | extension-apiserver-authentication',
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-controller-manager',
    rules: LEADER_LOCKING,
    subjects: [
      user('system:kube-controller-manager'),
      account('kube-controller-manager'),
      account('leader-election-controller'),
    ],
  },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-scheduler',
    rules: LEADER_LOCKING,
    subjects: [user('system:kube-scheduler'), account('kube-scheduler')],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:bootstrap-signer',
    rules: 'get list watch | core | secrets',
    subjects: [account('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:cloud-provider',
    rules: 'create get list watch | core | configmaps',
    subjects: [account('cloud-provider')],
  },
  {
    namespace: 'kube-system',
    role: 'system:controller:token-cleaner',
    rules: `
      delete get list watch | core | secrets
      create patch update | core events.k8s.io | events
    `,
    subjects: [account('token-cleaner')],
  },
];

export function bootstrapClusterRoles(): readonly object[] {
  const aggregated = AGGREGATED.map(([name, partOf]) => ({
    metadata: metadata(name, partOf),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregatedTo(name)]: 'true' } }] },
  }));
  const plain = Object.entries(CLUSTER_ROLES).map(([name, lines]) => {
    const [, partOf] = /^system:aggregate-to-(.+)$/.exec(name) ?? [];
    return { metadata: metadata(name, partOf), rules: parseRules(lines) };
  });
  const controllers = Object.entries(CONTROLLER_ROLES).map(([name, lines]) => ({
    metadata: metadata(CONTROLLER_PREFIX + name),
    rules: parseRules(lines),
  }));
  return [...aggregated, ...plain, ...controllers];
}

export function bootstrapClusterRoleBindings(): readonly object[] {
  const plain = Object.entries(CLUSTER_BINDINGS).map(([name, subjects]) => clusterBinding(name, subjects));
  const controllers = Object.keys(CONTROLLER_ROLES).map((name) =>
    clusterBinding(CONTROLLER_PREFIX + name, [account(name)]),
  );
  return [...plain, ...controllers];
}

export function bootstrapRoles(): readonly object[] {
  return NAMESPACED.map(({ namespace, role, rules }) => ({
    metadata: { ...metadata(role), namespace },
    rules: parseRules(rules),
  }));
}

export function bootstrapRoleBindings(): readonly object[] {
  return NAMESPACED.map(({ namespace, role, binding, subjects }) => ({
    metadata: { ...metadata(binding ?? role), namespace },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: role },
    subjects,
  }));
}

/** The rules that nodes have beyond what refers to themselves. */
export const nodeRules = (): readonly PolicyRule[] => parseRules(CLUSTER_ROLES['system:node']!);

function metadata(name: string, partOf?: string) {
  return {
    name,
    labels: { ...METADATA.labels, ...(partOf ? { [aggregatedTo(partOf)]: 'true' } : {}) },
    annotations: METADATA.annotations,
  };
}

function clusterBinding(name: string, subjects: readonly Subject[]): object {
  return {
    metadata: metadata(name),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    ...(subjects.length > 0 ? { subjects } : {}),
  };
}

function group(name: string): Subject {
  return { kind: 'Group', apiGroup: RBAC, name };
}

function user(name: string): Subject {
  return { kind: 'User', apiGroup: RBAC, name };
}

function account(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
}

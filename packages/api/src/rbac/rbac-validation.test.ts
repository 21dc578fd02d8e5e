import { describe } from 'node:test';
import { testCreation, testUpdate } from '../testing/rule-table.ts';
import { clusterRoleBindings } from './clusterrolebinding.ts';
import { clusterRoles } from './clusterrole.ts';
import { roleBindings } from './rolebinding.ts';
import { roles } from './role.ts';

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const role = { definition: roles, base: { rules: [rule] } };
const clusterRole = { definition: clusterRoles, base: { rules: [rule] } };
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' };
const binding = { definition: roleBindings, base: { roleRef, subjects: [{ kind: 'User', name: 'u' }] } };
const clusterBinding = { definition: clusterRoleBindings, base: { roleRef: { ...roleRef, kind: 'ClusterRole' } } };
const withRule = (fields: object): object => ({ rules: [{ ...rule, ...fields }] });
const withSubject = (subject: object): object => ({ subjects: [subject] });

describe('roles', () => {
  testCreation(role, [
    ['the least', {}],
    ['no verbs', withRule({ verbs: [] }), 'rules[0].verbs: Required value: verbs must contain at least one value'],
    [
      'no groups',
      withRule({ apiGroups: [] }),
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ],
    [
      'no resources',
      withRule({ resources: [] }),
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      'paths',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] },
      'rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
    ],
  ]);
});

describe('cluster roles', () => {
  testCreation(clusterRole, [
    ['the least', {}],
    ['paths', { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] }],
    [
      'paths and resources',
      withRule({ nonResourceURLs: ['/a'] }),
      'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
    ],
    ['a sum', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }],
    [
      'a sum of nothing',
      { aggregationRule: {} },
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ],
    [
      'a bad sum',
      { aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'x' }] }] } },
      'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "x": not a valid selector operator',
      'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
    ],
  ]);
});

describe('bindings', () => {
  testCreation(binding, [
    ['the least', {}],
    [
      'a role of another group',
      { roleRef: { apiGroup: 'x' } },
      'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
    [
      'another kind',
      { roleRef: { kind: 'x' } },
      'roleRef.kind: Unsupported value: "x": supported values: "Role", "ClusterRole"',
    ],
    ['no role', { roleRef: { name: '' } }, 'roleRef.name: Required value'],
    ['a bad name', { roleRef: { name: 'a/b' } }, `roleRef.name: Invalid value: "a/b": may not contain '/'`],
    ['a group', withSubject({ kind: 'Group', name: 'g' })],
    ['a subject without name', withSubject({ kind: 'User' }), 'subjects[0].name: Required value'],
    [
      'a subject of another kind',
      withSubject({ kind: 'x', name: 'u' }),
      'subjects[0].kind: Unsupported value: "x": supported values: "ServiceAccount", "User", "Group"',
    ],
    [
      'a user of another group',
      withSubject({ kind: 'User', apiGroup: 'x', name: 'u' }),
      'subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
    ['an account', withSubject({ kind: 'ServiceAccount', namespace: 'n', name: 'a' })],
    ['an account without namespace', withSubject({ kind: 'ServiceAccount', name: 'a' })],
    [
      'an account of a group',
      withSubject({ kind: 'ServiceAccount', apiGroup: 'x', namespace: 'n', name: 'a' }),
      'subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
    ],
    [
      'a bad account',
      withSubject({ kind: 'ServiceAccount', namespace: 'n', name: 'A' }),
      `subjects[0].name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

describe('changes of bindings', () => {
  testUpdate(binding, [
    ['other subjects', withSubject({ kind: 'User', name: 'v' })],
    [
      'another role',
      { roleRef: { name: 's' } },
      'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef',
    ],
  ]);
});

describe('cluster bindings', () => {
  testCreation(clusterBinding, [
    ['the least', {}],
    [
      'a role of a namespace',
      { roleRef: { kind: 'Role' } },
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ],
    [
      'an account without namespace',
      withSubject({ kind: 'ServiceAccount', name: 'a' }),
      'subjects[0].namespace: Required value',
    ],
  ]);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ClusterRoleBinding, PolicyRule } from '@kts/api/types/rbac-v1';

import { asAuthorizationModes, authorizerOf, ruleResolverOf, type AuthorizationMode } from './authorization-modes.ts';
import { resourceAttributes } from './authorizer.ts';
import { NodeReferences } from './node-references.ts';
import { RbacRules } from './rbac-rules.ts';

const JANE = { name: 'jane', groups: ['system:authenticated'] };
const JOE = { name: 'joe', groups: ['system:authenticated'] };
const MASTER = { name: 'root', groups: ['system:masters'] };
const NODE = { name: 'system:node:a', groups: ['system:nodes'] };
const READ_PODS: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

function janeReadsPods(): RbacRules {
  const rules = new RbacRules();
  rules.setClusterRole('reader', { metadata: {} as never, rules: [READ_PODS] });
  rules.setBinding('', 'b', {
    metadata: { name: 'b' } as never,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'User', name: 'jane' }],
  } satisfies ClusterRoleBinding);
  return rules;
}

describe('authorization modes', () => {
  const rows: readonly [readonly AuthorizationMode[], typeof JANE, string, string][] = [
    [['RBAC'], JANE, 'allow', 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "jane"'],
    [['RBAC'], JOE, 'no-opinion', ''],
    [['RBAC', 'AlwaysAllow'], JOE, 'allow', ''],
    [['RBAC', 'AlwaysDeny'], JOE, 'no-opinion', 'Everything is forbidden.'],
    [
      ['AlwaysDeny', 'RBAC'],
      JANE,
      'allow',
      'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to User "jane"',
    ],
    [['AlwaysDeny'], MASTER, 'allow', ''],
    [['Node'], JANE, 'no-opinion', ''],
    [['Node'], NODE, 'no-opinion', "no relationship found between node 'a' and this object"],
  ];
  for (const [modes, user, decision, reason] of rows) {
    it(`${modes.join(',')}: ${user.name}: ${decision}`, () => {
      const facts = { rules: janeReadsPods(), references: new NodeReferences(), nodeRules: () => [] };
      const question = user === NODE ? { resource: 'secrets', namespace: 'd', name: 's' } : { resource: 'pods' };
      const result = authorizerOf(modes, facts).authorize(user, resourceAttributes({ verb: 'get', ...question }));
      assert.deepEqual([result.decision, result.reason], [decision, reason]);
    });
  }
});

describe('rules of a user', () => {
  const EVERYTHING = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  const rows: readonly [readonly AuthorizationMode[], typeof JANE, readonly PolicyRule[], readonly string[]][] = [
    [['RBAC'], JANE, [READ_PODS], []],
    [['RBAC', 'AlwaysAllow'], JANE, [READ_PODS, ...EVERYTHING], []],
    [['RBAC'], MASTER, [], []],
    [['Node', 'RBAC'], NODE, [], ['node authorizer does not support user rule resolution']],
    [['RBAC'], NODE, [], []],
  ];
  for (const [modes, user, rules, problems] of rows) {
    it(`${modes.join(',')}: ${user.name}`, () => {
      const listed = ruleResolverOf(modes, janeReadsPods())(user, 'd');
      assert.deepEqual(listed, { rules, incomplete: problems.length > 0, problems });
    });
  }
});

describe('choice of modes', () => {
  const rows: readonly [readonly string[], string][] = [
    [['rbac'], 'authorization-mode "rbac" is not a valid mode'],
    [['RBAC', 'Webhook'], 'authorization-mode "Webhook" is not supported'],
    [['RBAC', 'RBAC'], 'authorization-mode ["RBAC" "RBAC"] has mode specified more than once'],
    [[], 'at least one authorization-mode must be passed'],
  ];
  for (const [names, message] of rows) {
    it(message, () => assert.throws(() => asAuthorizationModes(names), { message }));
  }
});

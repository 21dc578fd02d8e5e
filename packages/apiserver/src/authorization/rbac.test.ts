import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding, Subject } from '@kts/api/types/rbac-v1';

import { forbiddenError, resourceAttributes, type AuthorizationAttributes } from './authorizer.ts';
import { escalationChecks } from './escalation.ts';
import { rbacAuthorizer } from './rbac-authorizer.ts';
import { RbacRules } from './rbac-rules.ts';

const JANE = { name: 'jane', groups: ['dev', 'system:authenticated'] };
const READ_PODS: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] };

const role = (rules: readonly PolicyRule[]): ClusterRole => ({ metadata: {} as never, rules });
const binding = (name: string, subject: Subject, roleName = 'reader', kind = 'ClusterRole'): ClusterRoleBinding => ({
  metadata: { name } as never,
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: roleName },
  subjects: [subject],
});
const user = (name: string): Subject => ({ kind: 'User', name });
const group = (name: string): Subject => ({ kind: 'Group', name });

function rulesWith(rules: readonly PolicyRule[], subject: Subject, namespace = ''): RbacRules {
  const all = new RbacRules();
  all.setClusterRole('reader', role(rules));
  all.setBinding(namespace, 'b', binding('b', subject) as RoleBinding);
  return all;
}

const ask = (parts: Partial<AuthorizationAttributes>): AuthorizationAttributes =>
  resourceAttributes({ verb: 'get', resource: 'pods', ...parts });

describe('RBAC', () => {
  const rows: readonly [string, RbacRules, Partial<AuthorizationAttributes>, boolean][] = [
    ['a user by name', rulesWith([READ_PODS], user('jane')), {}, true],
    ['a user by group', rulesWith([READ_PODS], group('dev')), {}, true],
    ['nobody else', rulesWith([READ_PODS], user('joe')), {}, false],
    ['other verbs not', rulesWith([READ_PODS], user('jane')), { verb: 'delete' }, false],
    ['other groups not', rulesWith([READ_PODS], user('jane')), { group: 'apps' }, false],
    ['a subresource that is named', rulesWith([READ_PODS], user('jane')), { subresource: 'log' }, true],
    ['a subresource that is not', rulesWith([READ_PODS], user('jane')), { subresource: 'exec' }, false],
    [
      'a subresource of anything',
      rulesWith([{ verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'] }], user('jane')),
      { subresource: 'scale' },
      true,
    ],
    ['names that are listed', rulesWith([{ ...READ_PODS, resourceNames: ['a'] }], user('jane')), { name: 'a' }, true],
    ['names that are not', rulesWith([{ ...READ_PODS, resourceNames: ['a'] }], user('jane')), { name: 'b' }, false],
    ['its own namespace', rulesWith([READ_PODS], user('jane'), 'd'), { namespace: 'd' }, true],
    ['other namespaces not', rulesWith([READ_PODS], user('jane'), 'd'), { namespace: 'e' }, false],
    ['the whole cluster not', rulesWith([READ_PODS], user('jane'), 'd'), {}, false],
    [
      'paths below a star',
      rulesWith([{ verbs: ['get'], nonResourceURLs: ['/metrics/*'] }], user('jane')),
      { isResourceRequest: false, path: '/metrics/slis' },
      true,
    ],
  ];
  for (const [name, rules, parts, expected] of rows) {
    it(`allows ${name}`, () => {
      assert.equal(rbacAuthorizer(rules).authorize(JANE, ask(parts)).decision === 'allow', expected);
    });
  }

  it('says by which binding', () => {
    const { reason } = rbacAuthorizer(rulesWith([READ_PODS], group('dev'), 'd')).authorize(
      JANE,
      ask({ namespace: 'd' }),
    );
    assert.equal(reason, 'RBAC: allowed by RoleBinding "b/d" of ClusterRole "reader" to Group "dev"');
  });

  it('says which role is missing', () => {
    const rules = new RbacRules();
    rules.setBinding('', 'b', binding('b', user('jane'), 'gone'));
    const { decision, reason } = rbacAuthorizer(rules).authorize(JANE, ask({}));
    assert.deepEqual(
      [decision, reason],
      ['no-opinion', 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'],
    );
  });

  it('forgets bindings that are gone or changed', () => {
    const rules = rulesWith([READ_PODS], user('jane'));
    const authorizer = rbacAuthorizer(rules);
    rules.setBinding('', 'b', binding('b', user('joe')));
    assert.equal(authorizer.authorize(JANE, ask({})).decision, 'no-opinion');
    rules.setBinding('', 'b', binding('b', user('jane')));
    rules.setBinding('', 'b', undefined);
    assert.equal(authorizer.authorize(JANE, ask({})).decision, 'no-opinion');
  });

  it('takes a service account for the user it is', () => {
    const rules = rulesWith([READ_PODS], { kind: 'ServiceAccount', name: 'builder', namespace: 'd' });
    const account = { name: 'system:serviceaccount:d:builder', groups: [] };
    assert.equal(rbacAuthorizer(rules).authorize(account, ask({})).decision, 'allow');
  });
});

describe('messages of refusals', () => {
  const rows: readonly [Partial<AuthorizationAttributes>, string][] = [
    [
      { verb: 'list' },
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
    ],
    [
      { namespace: 'd', name: 'web', subresource: 'log' },
      'pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "d"',
    ],
    [{ isResourceRequest: false, path: '/metrics', resource: '' }, 'forbidden: User "jane" cannot get path "/metrics"'],
  ];
  for (const [parts, message] of rows) {
    it(message, () => assert.equal(forbiddenError(JANE, ask(parts), '').message, message));
  }
});

describe('escalation', () => {
  const object = { plural: 'clusterroles', namespace: '', name: 'new', requestName: '' } as const;
  const checksFor = (rules: RbacRules) => escalationChecks(rbacAuthorizer(rules), rules);

  it('lets nobody write rules they do not have', () => {
    const checks = checksFor(rulesWith([READ_PODS], user('jane')));
    const wanted = [{ verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods'] }];
    assert.throws(() => checks.checkRole(JANE, object, wanted), {
      message:
        'clusterroles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
    });
  });

  it('lets users give what they have', () => {
    const checks = checksFor(rulesWith([READ_PODS], user('jane')));
    checks.checkRole(JANE, object, [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }]);
  });

  it('lets only those aggregate who have everything', () => {
    const checks = checksFor(rulesWith([READ_PODS], user('jane')));
    assert.throws(() => checks.checkRole(JANE, object, [], true), /must have cluster-admin privileges/);
  });

  it('names what is missing after the binding', () => {
    const checks = checksFor(new RbacRules());
    const reference = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'gone' };
    const bound = { ...object, plural: 'rolebindings' } as const;
    assert.throws(() => checks.checkBinding(JANE, bound, reference), {
      message: 'rolebindings.rbac.authorization.k8s.io "gone" not found',
    });
  });

  it('lets those bind who may', () => {
    const bind = { verbs: ['bind'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] };
    const rules = rulesWith([bind], user('jane'));
    rules.setClusterRole('all', role([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]));
    const reference = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'all' };
    checksFor(rules).checkBinding(JANE, { ...object, plural: 'clusterrolebindings' }, reference);
  });
});

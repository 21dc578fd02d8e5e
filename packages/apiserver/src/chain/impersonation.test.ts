import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { StatusError } from '@kts/apimachinery';

import type { Authorizer } from '../authorization/authorizer.ts';
import { chainRequest } from '../testing/chain-request.ts';
import { impersonate, wantedUser } from './impersonation.ts';

/** Allows what is on the list: `verb resource[/subresource] name`. */
function allowing(...lines: readonly string[]): Authorizer {
  return {
    authorize: (_user, { verb, resource, subresource, name }) => ({
      decision: lines.includes(`${verb} ${subresource ? `${resource}/${subresource}` : resource} ${name || '-'}`)
        ? 'allow'
        : 'no-opinion',
      reason: '',
    }),
  };
}

const REQUESTER = { name: 'boss', groups: [] };
const { info } = chainRequest({ path: '/api/v1/pods' });

describe('impersonation headers', () => {
  it('name a user with groups and extra values', () => {
    const headers = {
      'impersonate-user': 'jane',
      'impersonate-group': ['dev', 'ops'],
      'impersonate-extra-example.com%2fscopes': ['a', 'b'],
      'impersonate-uid': '7',
    };
    assert.deepEqual(wantedUser(chainRequest({ headers })), {
      name: 'jane',
      groups: ['dev', 'ops'],
      uid: '7',
      extra: { 'example.com/scopes': ['a', 'b'] },
    });
  });

  it('must name a user', () => {
    assert.throws(() => wantedUser(chainRequest({ headers: { 'impersonate-group': 'dev' } })), { code: 400 });
  });

  it('may be absent', () => assert.equal(wantedUser(chainRequest()), undefined));
});

describe('impersonation', () => {
  const allowed: readonly [string, string, readonly string[], readonly string[], readonly string[]][] = [
    ['the old verb', 'jane', [], ['impersonate users jane'], ['system:authenticated']],
    [
      'the constrained verbs',
      'jane',
      [],
      ['impersonate-on:user-info:list pods -', 'impersonate:user-info users jane'],
      ['system:authenticated'],
    ],
    ['groups', 'jane', ['dev'], ['impersonate users jane', 'impersonate groups dev'], ['dev', 'system:authenticated']],
    [
      'a service account',
      'system:serviceaccount:d:builder',
      [],
      ['impersonate serviceaccounts builder'],
      ['system:serviceaccounts', 'system:serviceaccounts:d', 'system:authenticated'],
    ],
    ['nobody', 'system:anonymous', [], ['impersonate users system:anonymous'], ['system:unauthenticated']],
    [
      'a node',
      'system:node:a',
      [],
      ['impersonate-on:arbitrary-node:list pods -', 'impersonate:arbitrary-node nodes a'],
      ['system:nodes', 'system:authenticated'],
    ],
  ];
  for (const [name, user, groups, permissions, expected] of allowed) {
    it(`allows ${name}`, () => {
      const become = impersonate(allowing(...permissions), REQUESTER, { name: user, groups }, info);
      assert.deepEqual([become.name, become.groups], [user, expected]);
    });
  }

  it('explains a refusal by the first mode that was tried', () => {
    const attempt = (): unknown => impersonate(allowing(), REQUESTER, { name: 'jane', groups: [] }, info);
    assert.throws(attempt, (error) => {
      assert.ok(StatusError.is(error));
      assert.equal(
        error.message,
        'pods is forbidden: User "boss" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope',
      );
      return true;
    });
  });

  it('does not hand out system:masters in a constrained mode', () => {
    const authorizer = allowing('impersonate-on:user-info:list pods -', 'impersonate:user-info users jane');
    const wanted = { name: 'jane', groups: ['system:masters'] };
    assert.throws(() => impersonate(authorizer, REQUESTER, wanted, info), /system:masters group is not allowed/);
  });
});

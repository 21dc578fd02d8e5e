import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createEnvironment } from '../environment.ts';
import type { CelValue } from '../evaluate/value.ts';
import { describeValue } from '../testing/evaluate-text.ts';
import { authorizerValue, requestResourceValue, type CheckAttributes, type CheckDecision } from './authorization.ts';
import { AUTHORIZER, RESOURCE_CHECK } from './kubernetes-types.ts';

const environment = createEnvironment({
  variables: { authorizer: AUTHORIZER, 'authorizer.requestResource': RESOURCE_CHECK },
});

function evaluate(expression: string, decide: (attributes: CheckAttributes) => CheckDecision) {
  const asked: CheckAttributes[] = [];
  const options = {
    user: { name: 'alice', groups: ['dev'] },
    authorize: (attributes: CheckAttributes) => {
      asked.push(attributes);
      return decide(attributes);
    },
  };
  const resource = { group: 'apps', resource: 'deployments', subresource: '', namespace: 'web', name: 'front' };
  const values = new Map<string, CelValue>([
    ['authorizer', authorizerValue(options)],
    ['authorizer.requestResource', requestResourceValue(options, resource)],
  ]);
  const compiled = environment.compile(expression);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.message);
  const result = compiled.program.evaluate(values);
  return { asked, text: result.ok ? describeValue(result.value) : `error: ${result.error.message}`, cost: result.cost };
}

const allow = () => ({ allowed: true, reason: 'because' });

describe('asking the authorizer', () => {
  const rows: readonly (readonly [expression: string, attributes: Partial<CheckAttributes>])[] = [
    ["authorizer.path('/healthz').check('get').allowed()", { verb: 'get', path: '/healthz' }],
    [
      "authorizer.group('').resource('pods').check('list').allowed()",
      { verb: 'list', resource: resource({ resource: 'pods' }) },
    ],
    [
      "authorizer.group('apps').resource('deployments').subresource('scale').namespace('n').name('d').check('update').allowed()",
      {
        verb: 'update',
        resource: resource({ group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'n', name: 'd' }),
      },
    ],
    [
      "authorizer.group('').resource('pods').fieldSelector('spec.nodeName=a').labelSelector('x in (y)').check('list').allowed()",
      {
        verb: 'list',
        resource: { ...resource({ resource: 'pods' }), fieldSelector: 'spec.nodeName=a', labelSelector: 'x in (y)' },
      },
    ],
    [
      "authorizer.requestResource.subresource('status').check('get').allowed()",
      {
        verb: 'get',
        resource: resource({
          group: 'apps',
          resource: 'deployments',
          subresource: 'status',
          namespace: 'web',
          name: 'front',
        }),
      },
    ],
  ];
  for (const [expression, attributes] of rows) {
    it(expression, () => {
      const { asked, text } = evaluate(expression, allow);
      assert.equal(text, 'true');
      assert.deepEqual(asked, [{ ...attributes, user: { name: 'alice', groups: ['dev'] } }]);
    });
  }

  it('for a service account', () => {
    const { asked } = evaluate("authorizer.serviceAccount('ns', 'robot').path('/x').check('get').allowed()", allow);
    assert.deepEqual(asked[0]!.user, {
      name: 'system:serviceaccount:ns:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns'],
    });
  });

  const results: readonly (readonly [expression: string, result: string])[] = [
    ["authorizer.path('/x').check('get').reason()", '"because"'],
    ["authorizer.path('/x').check('get').errored()", 'false'],
    ["authorizer.path('/x').check('get').error()", '""'],
    ["authorizer.path(' ').check('get').allowed()", 'error: path must not be empty'],
    ["authorizer.group('').resource('').check('get').allowed()", 'error: resource must not be empty'],
    ["authorizer.serviceAccount('ns', 'A').path('/x').check('get').allowed()", 'error: Invalid service account name'],
    [
      "authorizer.serviceAccount('N', 'a').path('/x').check('get').allowed()",
      'error: Invalid service account namespace',
    ],
  ];
  for (const [expression, result] of results) {
    it(expression, () => assert.equal(evaluate(expression, allow).text, result));
  }

  it('reports what went wrong as a decision', () => {
    const fail = () => {
      throw new Error('unreachable');
    };
    const expression = "authorizer.path('/x').check('get')";
    assert.equal(evaluate(`${expression}.allowed()`, fail).text, 'false');
    assert.equal(evaluate(`${expression}.errored()`, fail).text, 'true');
    assert.equal(evaluate(`${expression}.error()`, fail).text, '"unreachable"');
  });

  it('costs so much that there can be two checks in an expression', () => {
    const check = "authorizer.path('/x').check('get').allowed()";
    assert.equal(evaluate(`${check} && ${check}`, allow).cost, 700_006);
    const { text } = evaluate(`${check} && ${check} && ${check}`, allow);
    assert.equal(text, 'error: operation cancelled: actual cost limit exceeded');
  });
});

function resource(fields: object) {
  return { group: '', version: '*' as const, resource: '', subresource: '', namespace: '', name: '', ...fields };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ValidatingAdmissionPolicy } from '@kts/api/types/admissionregistration-v1';

import { checkPolicy, type KindSchema } from './check-policy.ts';
import { resourcesOf } from './policy-kinds.ts';

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;

const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
const policy = (spec: Spec): ValidatingAdmissionPolicy => ({ metadata, spec });

const schemas = {
  Spec: {
    type: 'object',
    properties: {
      replicas: { type: 'integer' },
      surge: { allOf: [{ $ref: 'IntOrString' }] },
      since: { type: 'string', format: 'date-time' },
    },
  },
  IntOrString: { format: 'int-or-string' },
} as const;
const kind = (name: string, properties: KindSchema['schema']['properties']): KindSchema => ({
  kind: { group: 'apps', version: 'v1', kind: name },
  schema: { type: 'object', ...(properties ? { properties } : {}) },
  resolve: (reference) => schemas[reference as keyof typeof schemas],
});
const deployment = kind('Deployment', { spec: { $ref: 'Spec' } });
const daemonSet = kind('DaemonSet', { spec: { type: 'object', properties: {} } });

const warnings = (spec: Spec, kinds = [deployment], params?: KindSchema): readonly string[] =>
  checkPolicy(policy(spec), kinds, params).map(({ fieldRef, warning }) => `${fieldRef}: ${warning}`);

describe('checkPolicy', () => {
  const field = 'spec.validations[0].expression: apps/v1, Kind=';
  const replica =
    "Deployment: ERROR: <input>:1:12: undefined field 'replica'\n | object.spec.replica > 1\n | ...........^\n";
  const rows: readonly (readonly [expression: string, warning: string | undefined])[] = [
    ['object.spec.replicas > 1', undefined],
    ['oldObject == null || oldObject.spec.replicas > 1', undefined],
    ['object.spec.replica > 1', replica],
    ['object.metadata.name.size() > 1', undefined],
    ['object.spec.surge == 1 || object.spec.surge == "10%"', undefined],
    ["object.spec.since > timestamp('2026-01-01T00:00:00Z')", undefined],
    ["request.userInfo.username == 'a' && namespaceObject.metadata.name == 'b'", undefined],
    ["authorizer.group('').resource('pods').check('get').allowed()", undefined],
  ];
  for (const [expression, warning] of rows) {
    it(expression, () =>
      assert.deepEqual(warnings({ validations: [{ expression }] }), warning === undefined ? [] : [field + warning]),
    );
  }

  it('checks every kind and every message', () => {
    const found = warnings(
      { validations: [{ expression: 'object.spec.replicas > 1', messageExpression: "'x' + object.spec.nah" }] },
      [daemonSet, deployment],
    );
    assert.equal(found.length, 2);
    assert.match(found[0]!, /Kind=DaemonSet: ERROR: <input>:1:12: undefined field 'replicas'/);
    assert.match(found[1]!, /^spec.validations\[0\].messageExpression: [^]*DaemonSet[^]*\n\napps\/v1, Kind=Deployment/);
  });

  it('knows variables that build on each other', () => {
    const variables = [
      { name: 'n', expression: 'object.spec.replicas' },
      { name: 'twice', expression: 'variables.n * 2' },
    ];
    assert.deepEqual(warnings({ variables, validations: [{ expression: 'variables.twice > 4' }] }), []);
    assert.equal(warnings({ variables, validations: [{ expression: "variables.twice == 'a'" }] }).length, 1);
    assert.equal(warnings({ variables, validations: [{ expression: 'variables.nope > 4' }] }).length, 1);
  });

  it('knows parameters by their kind', () => {
    const paramKind = { apiVersion: 'apps/v1', kind: 'Deployment' };
    const wrong = [{ expression: 'params.spec.nope == 1' }];
    assert.equal(warnings({ paramKind, validations: wrong }, [deployment], deployment).length, 1);
    assert.deepEqual(warnings({ paramKind, validations: wrong }), []);
    assert.equal(warnings({ validations: wrong }).length, 1);
  });
});

describe('resourcesOf', () => {
  const rule = (apiGroups: string[], apiVersions: string[], resources: string[]): readonly string[] =>
    resourcesOf(
      policy({ matchConstraints: { resourceRules: [{ apiGroups, apiVersions, operations: ['*'], resources }] } }),
    ).map(({ group, version, resource }) => `${group}/${version}/${resource}`);
  for (const [name, actual, expected] of [
    ['sorts', rule(['b', 'a'], ['v1'], ['y', 'x']), ['a/v1/x', 'a/v1/y', 'b/v1/x', 'b/v1/y']],
    ['leaves out subresources', rule([''], ['v1'], ['pods/status', 'pods']), ['/v1/pods']],
    ['leaves out wildcards of resources', rule([''], ['v1'], ['*', 'pods']), ['/v1/pods']],
    ['gives up on any group', rule(['*'], ['v1'], ['pods']), []],
    ['gives up on any version', rule([''], ['*'], ['pods']), []],
  ] as const) {
    it(name, () => assert.deepEqual(actual, expected));
  }
});

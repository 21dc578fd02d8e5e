import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  configMaps,
  horizontalPodAutoscalersV1,
  namespaces,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@kts/api';

import { failureOf, startTestApiServer, type TestApiServer } from '../../testing/index.ts';

const namespace = 'default';
const RULE = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
const DENY = ['Deny'];

interface Setup {
  /** Of the policy's spec. */
  readonly policy?: object;
  /** Of the binding's spec. */
  readonly binding?: object;
  readonly rule?: object;
}

async function enforce(api: TestApiServer, expression: string, { policy, binding, rule }: Setup = {}): Promise<void> {
  const spec = {
    matchConstraints: { resourceRules: [{ ...RULE, ...rule }] },
    validations: [{ expression }],
    ...policy,
  };
  await api.client.create(validatingAdmissionPolicies, { metadata: { name: 'p' }, spec } as never);
  const bound = { policyName: 'p', validationActions: DENY, ...binding };
  await api.client.create(validatingAdmissionPolicyBindings, { metadata: { name: 'b' }, spec: bound } as never);
}

const configMap = (extra: object = {}) => ({ metadata: { name: 'a', namespace }, ...extra });
const create = (api: TestApiServer, extra: object = {}) => api.client.create(configMaps, configMap(extra) as never);
const by = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";
const refusal = (message: string): string => `configmaps "a" is forbidden: ${by}${message}`;

/** Only ConfigMap `params` in the request's namespace. */
const PARAMS = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } };
const NOT_PARAMS = {
  validations: [{ expression: "object.metadata.name == 'params' || object.data.v == params.data.v" }],
};
const paramRef = (extra: object) => ({ paramRef: { parameterNotFoundAction: 'Deny', ...extra } });

describe('ValidatingAdmissionPolicy', () => {
  test('takes effect with its binding, and no longer than that', async () => {
    await using api = await startTestApiServer();
    await enforce(api, 'false');
    const error = await failureOf(create(api));
    assert.partialDeepStrictEqual(error.status, {
      reason: 'Invalid',
      code: 422,
      message: refusal('failed expression: false'),
      details: { name: 'a', kind: 'configmaps', causes: [{ message: `${by}failed expression: false` }] },
    });
    await api.client.delete(validatingAdmissionPolicyBindings, { name: 'b' });
    await create(api);
  });

  const messages: [string, object, number, string][] = [
    ['the expression', { expression: ' 1 == 2 ' }, 422, 'failed expression: 1 == 2'],
    ['a message', { expression: 'false', message: ' no ' }, 422, 'no'],
    ['a reason', { expression: 'false', message: 'no', reason: 'Forbidden' }, 403, 'no'],
    ['another reason', { expression: 'false', message: 'no', reason: 'RequestEntityTooLarge' }, 413, 'no'],
    [
      'an expression for the message',
      { expression: 'false', messageExpression: "'not ' + object.metadata.name" },
      422,
      'not a',
    ],
    ['one that fails', { expression: 'false', messageExpression: 'string(object.nope)', message: 'no' }, 422, 'no'],
    ['one that says nothing', { expression: 'false', messageExpression: "' '", message: 'no' }, 422, 'no'],
    ['one with several lines', { expression: 'false', messageExpression: "'a\\nb'", message: 'no' }, 422, 'no'],
    [
      'an error',
      { expression: 'object.nope == 1', message: 'hidden' },
      422,
      "expression 'object.nope == 1' resulted in error: no such key: nope",
    ],
  ];
  for (const [name, validation, code, message] of messages) {
    test(`says why: ${name}`, async () => {
      await using api = await startTestApiServer();
      await enforce(api, 'true', { policy: { validations: [validation] } });
      const error = await failureOf(create(api));
      assert.deepEqual([error.code, error.message], [code, refusal(message)]);
    });
  }

  const conditions: [string, Setup, boolean][] = [
    ['all that match', {}, true],
    ['other operations', { rule: { operations: ['DELETE'] } }, false],
    ['other names', { rule: { resourceNames: ['b'] } }, false],
    ['its name', { rule: { resourceNames: ['a'] } }, true],
    [
      'excluded names',
      {
        policy: {
          matchConstraints: { resourceRules: [RULE], excludeResourceRules: [{ ...RULE, resourceNames: ['a'] }] },
        },
      },
      false,
    ],
    [
      'what the binding narrows down',
      { binding: { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } } },
      false,
    ],
    ['what the binding means', { binding: { matchResources: { resourceRules: [RULE] } } }, true],
    [
      'other resources of the binding',
      { binding: { matchResources: { resourceRules: [{ ...RULE, resources: ['pods'] }] } } },
      false,
    ],
    [
      'conditions that hold',
      { policy: { matchConditions: [{ name: 'c', expression: "object.metadata.name == 'a'" }] } },
      true,
    ],
    ['conditions that do not', { policy: { matchConditions: [{ name: 'c', expression: 'false' }] } }, false],
    [
      'one that does not among those that fail',
      {
        policy: {
          matchConditions: [
            { name: 'c', expression: 'object.x == 1' },
            { name: 'd', expression: 'false' },
          ],
        },
      },
      false,
    ],
    [
      'what fails and may',
      { policy: { failurePolicy: 'Ignore', validations: [{ expression: 'object.nope == 1' }] } },
      false,
    ],
    [
      'what fails and may, next to what does not',
      {
        policy: { failurePolicy: 'Ignore', validations: [{ expression: 'object.nope == 1' }, { expression: 'false' }] },
      },
      true,
    ],
    ['audits only', { binding: { validationActions: ['Audit'] } }, false],
  ];
  for (const [name, setup, denied] of conditions) {
    test(`looks at some requests and not at others: ${name}`, async () => {
      await using api = await startTestApiServer();
      await enforce(api, 'false', setup);
      const outcome = await create(api).then(
        () => false,
        () => true,
      );
      assert.equal(outcome, denied);
    });
  }

  test('conditions that cannot be evaluated refuse the request', async () => {
    await using api = await startTestApiServer();
    const matchConditions = [1, 2].map((n) => ({ name: `c${n}`, expression: 'object.nope == 1' }));
    await enforce(api, 'true', {
      policy: { matchConditions: [...matchConditions, { name: 'd', expression: 'object.x == 1' }] },
    });
    const texts = [
      "expression 'object.nope == 1' resulted in error: no such key: nope",
      "expression 'object.x == 1' resulted in error: no such key: x",
    ];
    assert.equal((await failureOf(create(api))).message, refusal(`[${texts.join(', ')}]`));
  });

  const values: [expression: string, value: string][] = [
    ['request.operation', 'CREATE'],
    ['request.name', 'a'],
    ['request.namespace', namespace],
    ['request.kind.kind', 'ConfigMap'],
    ['request.requestResource.resource', 'configmaps'],
    ['request.userInfo.username', 'admin'],
    ["request.userInfo.groups.join(',')", 'system:masters,system:authenticated'],
    ['string(request.dryRun)', 'false'],
    ['string(has(request.subResource))', 'false'],
    ['string(request.options.kind)', 'CreateOptions'],
    ['string(oldObject == null)', 'true'],
    ['namespaceObject.metadata.name', namespace],
    ['namespaceObject.metadata.labels.l', 'yes'],
  ];
  for (const [expression, value] of values) {
    test(`expressions see the request: ${expression}`, async () => {
      await using api = await startTestApiServer();
      const found = await api.client.get(namespaces, { name: namespace });
      await api.client.update(namespaces, { ...found, metadata: { ...found.metadata, labels: { l: 'yes' } } });
      await enforce(api, 'false', {
        policy: { validations: [{ expression: 'false', messageExpression: expression }] },
      });
      assert.equal((await failureOf(create(api))).message, refusal(value));
    });
  }

  test('expressions ask who may do what', async () => {
    await using api = await startTestApiServer();
    await enforce(
      api,
      "!authorizer.group('').resource('secrets').namespace('x').check('get').allowed() || !authorizer.requestResource.check('delete').allowed()",
    );
    assert.equal((await failureOf(create(api))).code, 422);
  });

  test('variables are worked out when they are used, and once', async () => {
    await using api = await startTestApiServer();
    const variables = [
      { name: 'broken', expression: '1 / 0' },
      { name: 'v', expression: "has(object.data) ? object.data.v : 'none'" },
      { name: 'twice', expression: 'variables.v + variables.v' },
    ];
    await enforce(api, 'true', {
      policy: {
        variables,
        validations: [{ expression: "variables.twice != 'xx'", messageExpression: 'string(variables.twice)' }],
      },
    });
    await create(api, { data: { v: 'y' } });
    await api.client.delete(configMaps, { namespace, name: 'a' });
    assert.equal((await failureOf(create(api, { data: { v: 'x' } }))).message, refusal('xx'));
  });

  test('a variable that fails fails what uses it', async () => {
    await using api = await startTestApiServer();
    await enforce(api, 'variables.x == 1', { policy: { variables: [{ name: 'x', expression: 'object.nope' }] } });
    const text = `expression 'variables.x == 1' resulted in error: composited variable "x" fails to evaluate: no such key: nope`;
    assert.equal((await failureOf(create(api))).message, refusal(text));
  });

  const params: [string, Setup, string | undefined][] = [
    ['by name', { policy: PARAMS, binding: paramRef({ name: 'params' }) }, undefined],
    ['by labels', { policy: PARAMS, binding: paramRef({ selector: { matchLabels: { role: 'params' } } }) }, undefined],
    [
      'in another namespace',
      { policy: PARAMS, binding: paramRef({ name: 'params', namespace: 'kube-system' }) },
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    ],
    [
      'none is fine',
      { policy: PARAMS, binding: { paramRef: { name: 'none', parameterNotFoundAction: 'Allow' } } },
      undefined,
    ],
    [
      'of no known kind',
      { policy: { paramKind: { apiVersion: 'x.y/v1', kind: 'Odd' } }, binding: paramRef({ name: 'a' }) },
      'policy',
    ],
    [
      'of the cluster with a namespace',
      { policy: { paramKind: { apiVersion: 'v1', kind: 'Node' } }, binding: paramRef({ name: 'a', namespace }) },
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    ],
  ];
  for (const [name, setup, problem] of params) {
    test(`has parameters: ${name}`, async () => {
      await using api = await startTestApiServer();
      const metadata = { name: 'params', namespace, labels: { role: 'params' } };
      await api.client.create(configMaps, { metadata, data: { v: 'x' } });
      await enforce(api, 'true', { ...setup, policy: { ...NOT_PARAMS, ...setup.policy } });
      if (problem === undefined) {
        await create(api, { data: { v: 'x' } });
        return;
      }
      const { message } = await failureOf(create(api, { data: { v: 'x' } }));
      if (problem === 'policy') {
        const text = "failed to configure policy: failed to find resource referenced by paramKind: 'x.y/v1, Kind=Odd'";
        assert.equal(message, `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' denied request: ${text}`);
      } else assert.equal(message, refusal(`failed to configure binding: ${problem}`));
    });
  }

  test('sees the version that its rule names', async () => {
    await using api = await startTestApiServer();
    const rule = { apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['horizontalpodautoscalers'] };
    await enforce(api, 'false', {
      rule,
      policy: {
        validations: [
          {
            expression: 'has(object.spec.targetCPUUtilizationPercentage)',
            messageExpression: 'string(object.spec.metrics[0].resource.name)',
          },
        ],
      },
    });
    const spec = {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      targetCPUUtilizationPercentage: 50,
    };
    const created = api.client.create(horizontalPodAutoscalersV1, {
      metadata: { name: 'a', namespace },
      spec,
    } as never);
    assert.match((await failureOf(created)).message, /denied request: cpu$/);
  });

  test('is told apart from its own kind', async () => {
    await using api = await startTestApiServer();
    await enforce(api, 'false', { rule: { apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] } });
    await api.client.delete(validatingAdmissionPolicies, { name: 'p' });
  });

  test('does not run on for ever', async () => {
    await using api = await startTestApiServer();
    const all = Array.from({ length: 60 }, (_, i) => i).join(',');
    await enforce(api, `[${all}].all(a, [${all}].all(b, [${all}].all(c, [${all}].all(d, a + b + c + d >= 0))))`);
    assert.match(
      (await failureOf(create(api))).message,
      /resulted in error: operation cancelled: actual cost limit exceeded$/,
    );
  });

  test('all validations together have a budget', async () => {
    await using api = await startTestApiServer();
    const all = Array.from({ length: 60 }, (_, i) => i).join(',');
    const expression = `[${all}].all(a, [${all}].all(b, [${all}].all(c, a + b + c >= 0)))`;
    await enforce(api, 'true', { policy: { validations: Array.from({ length: 20 }, () => ({ expression })) } });
    assert.match(
      (await failureOf(create(api))).message,
      /running out of cost budget, no further validation rules will be run$/,
    );
  });
});

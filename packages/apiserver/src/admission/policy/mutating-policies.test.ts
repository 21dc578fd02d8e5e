import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  configMaps,
  deployments,
  horizontalPodAutoscalersV1,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@kts/api';

import { failureOf, startTestApiServer, type TestApiServer } from '../../testing/index.ts';

const namespace = 'default';
const RULE = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

async function mutate(api: TestApiServer, mutations: object[], extra: object = {}, name = 'p'): Promise<void> {
  const spec = { matchConstraints: { resourceRules: [RULE] }, reinvocationPolicy: 'Never', mutations, ...extra };
  await api.client.create(mutatingAdmissionPolicies, { metadata: { name }, spec } as never);
  await api.client.create(mutatingAdmissionPolicyBindings, { metadata: { name }, spec: { policyName: name } } as never);
}

const create = (api: TestApiServer, data: Record<string, string> = { v: 'x' }) =>
  api.client.create(configMaps, { metadata: { name: 'a', namespace }, data });

describe('MutatingAdmissionPolicy', () => {
  const changes: [string, object[], Record<string, string>][] = [
    ['an object', [apply('Object{data: {"added": "yes"}}')], { added: 'yes', v: 'x' }],
    ['a patch', [patch("[JSONPatch{op: 'add', path: '/data/added', value: 'yes'}]")], { added: 'yes', v: 'x' }],
    [
      'one after the other',
      [apply('Object{data: {"one": "1"}}'), patch("[JSONPatch{op: 'copy', from: '/data/one', path: '/data/two'}]")],
      { one: '1', two: '1', v: 'x' },
    ],
    ['by what is there', [apply('Object{data: {"size": string(object.data.size())}}')], { size: '1', v: 'x' }],
    [
      'a test that passes',
      [patch("[JSONPatch{op: 'test', path: '/data/v', value: 'x'}, JSONPatch{op: 'remove', path: '/data/v'}]")],
      {},
    ],
    [
      'a test that fails',
      [patch("[JSONPatch{op: 'test', path: '/data/v', value: 'y'}, JSONPatch{op: 'remove', path: '/data/v'}]")],
      { v: 'x' },
    ],
  ];
  for (const [name, mutations, data] of changes) {
    test(`changes objects: ${name}`, async () => {
      await using api = await startTestApiServer();
      await mutate(api, mutations);
      assert.deepEqual((await create(api)).data ?? {}, data);
    });
  }

  const by = "policy 'p' with binding 'p' denied request: ";
  const failures: [string, object[], string][] = [
    [
      'an expression',
      [apply('Object{data: {"a": object.data.nope}}')],
      `expression 'Object{data: {"a": object.data.nope}}' resulted in error: no such key: nope`,
    ],
    [
      'a field that does not exist',
      [apply('Object{nope: "x"}')],
      'error applying patch: failed to convert patch object to typed object: .nope: field not declared in schema',
    ],
    [
      'a type in the wrong place',
      [apply('Object{data: Object.spec{a: "b"}}')],
      'type mismatch: unexpected type name "Object.spec", expected "Object.data", which matches field name path from root Object type',
    ],
    [
      'a patch',
      [patch("[JSONPatch{op: 'remove', path: '/none/x'}]")],
      'JSON Patch: remove operation does not apply: doc is missing path: "/none/x": missing value',
    ],
  ];
  for (const [name, mutations, message] of failures) {
    test(`refuses what it cannot change, unless it need not: ${name}`, async () => {
      await using api = await startTestApiServer();
      await mutate(api, mutations);
      const { status } = await failureOf(create(api));
      assert.partialDeepStrictEqual(status, { code: 403, reason: 'Invalid', message: by + message });
      assert.deepEqual(status.details?.causes, [{ message: by + message }]);
      await api.client.delete(mutatingAdmissionPolicies, { name: 'p' });
      await api.client.delete(mutatingAdmissionPolicyBindings, { name: 'p' });
      await mutate(api, mutations, { failurePolicy: 'Ignore' });
      await create(api);
    });
  }

  test('keys are escaped for paths', async () => {
    await using api = await startTestApiServer();
    const path = "'/metadata/annotations/' + jsonpatch.escapeKey('example.com/a~b')";
    const annotations = "JSONPatch{op: 'add', path: '/metadata/annotations', value: {'x': 'y'}}";
    await mutate(api, [patch(`[${annotations}, JSONPatch{op: 'add', path: ${path}, value: 'v'}]`)]);
    assert.match((await failureOf(create(api))).message, /metadata.annotations: Invalid value: "example.com\/a~b"/);
  });

  test('conditions and variables', async () => {
    await using api = await startTestApiServer();
    await mutate(api, [apply('Object{data: {"n": variables.n}}')], {
      matchConditions: [{ name: 'c', expression: "object.data.v == 'on'" }],
      variables: [{ name: 'n', expression: 'string(object.data.size())' }],
    });
    assert.deepEqual((await create(api, { v: 'off' })).data, { v: 'off' });
    await api.client.delete(configMaps, { namespace, name: 'a' });
    assert.deepEqual((await create(api, { v: 'on' })).data, { n: '1', v: 'on' });
  });

  test('defaults are filled in, lists are merged by their keys', async () => {
    await using api = await startTestApiServer();
    const configuration =
      'Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "side", image: "i"}]}}}}';
    const rule = { ...RULE, apiGroups: ['apps'], resources: ['deployments'] };
    await mutate(api, [apply(configuration)], { matchConstraints: { resourceRules: [rule] } });
    const labels = { a: 'b' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'i' }] } };
    const spec = { selector: { matchLabels: labels }, template };
    const created = await api.client.create(deployments, { metadata: { name: 'd', namespace }, spec } as never);
    const { containers } = created.spec!.template.spec!;
    assert.deepEqual(
      containers.map(({ name, terminationMessagePolicy }) => [name, terminationMessagePolicy]),
      [
        ['main', 'File'],
        ['side', 'File'],
      ],
    );
  });

  const rounds: [string, 'Never' | 'IfNeeded', string][] = [
    ['once', 'Never', 'x1'],
    ['again after others', 'IfNeeded', 'x11'],
  ];
  for (const [name, reinvocationPolicy, expected] of rounds) {
    test(`is asked ${name}`, async () => {
      await using api = await startTestApiServer();
      await mutate(api, [apply('Object{data: {"v": object.data.v + "1"}}')], { reinvocationPolicy }, 'a');
      await mutate(api, [apply('Object{data: {"w": "1"}}')], {}, 'b');
      assert.equal((await create(api)).data?.['v'], expected);
    });
  }

  test('objects are changed in the version that the rule names', async () => {
    await using api = await startTestApiServer();
    const rule = { ...RULE, apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['horizontalpodautoscalers'] };
    const name = 'object.spec.metrics[0].resource.name';
    const operations = [
      "JSONPatch{op: 'replace', path: '/spec/metrics/0/resource/target/averageUtilization', value: 70}",
      `JSONPatch{op: 'add', path: '/metadata/labels', value: {'metric': string(${name})}}`,
    ];
    await mutate(api, [patch(`[${operations.join(', ')}]`)], { matchConstraints: { resourceRules: [rule] } });
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    const spec = { maxReplicas: 2, scaleTargetRef, targetCPUUtilizationPercentage: 50 };
    const metadata = { name: 'a', namespace };
    const created = await api.client.create(horizontalPodAutoscalersV1, { metadata, spec } as never);
    assert.equal(created.spec?.targetCPUUtilizationPercentage, 70);
    assert.deepEqual(created.metadata.labels, { metric: 'cpu' });
  });

  test('validating policies see what mutating policies have made', async () => {
    await using api = await startTestApiServer();
    await mutate(api, [apply('Object{data: {"v": "changed"}}')]);
    const spec = {
      matchConstraints: { resourceRules: [RULE] },
      validations: [{ expression: "object.data.v != 'changed'" }],
    };
    await api.client.create(validatingAdmissionPolicies, { metadata: { name: 'v' }, spec } as never);
    const bound = { policyName: 'v', validationActions: ['Deny'] };
    await api.client.create(validatingAdmissionPolicyBindings, { metadata: { name: 'v' }, spec: bound } as never);
    assert.equal((await failureOf(create(api))).code, 422);
  });

  test('what is deleted is left alone', async () => {
    await using api = await startTestApiServer();
    await create(api);
    await mutate(api, [apply('Object{data: {"a": object.data.nope}}')]);
    await api.client.delete(configMaps, { namespace, name: 'a' });
  });
});

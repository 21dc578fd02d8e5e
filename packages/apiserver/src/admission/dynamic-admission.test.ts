import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  configMaps,
  customResourceDefinitions,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@kts/api';
import type { KubeObject, ResourceType } from '@kts/apimachinery';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';
import { startWebhookServer } from '../testing/webhook-server.ts';

interface Thing extends KubeObject {
  readonly spec: { readonly size: number; readonly color?: string; readonly tags?: readonly string[] };
}

const namespace = 'default';
const things: ResourceType<Thing> = {
  group: 'example.com',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
};
const RULE = { operations: ['*'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'] };

async function defineThings(api: TestApiServer): Promise<void> {
  const tags = { type: 'array', items: { type: 'string' } };
  const spec = {
    type: 'object',
    properties: { size: { type: 'integer' }, color: { type: 'string', default: 'blue' }, tags },
  };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const definition = {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions,
  };
  await api.client.create(customResourceDefinitions, {
    metadata: { name: 'things.example.com' },
    spec: definition,
  } as never);
  // The definition's objects are served with the write that makes it; its status follows.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

const thing = (spec: object) => ({ metadata: { name: 'a', namespace }, spec }) as never;

async function mutate(api: TestApiServer, expression: string): Promise<void> {
  const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }];
  const spec = { matchConstraints: { resourceRules: [RULE] }, reinvocationPolicy: 'Never', mutations };
  await api.client.create(mutatingAdmissionPolicies, { metadata: { name: 'm' }, spec } as never);
  await api.client.create(mutatingAdmissionPolicyBindings, {
    metadata: { name: 'm' },
    spec: { policyName: 'm' },
  } as never);
}

test('custom objects are changed and checked like any other', async () => {
  await using api = await startTestApiServer();
  await defineThings(api);
  await mutate(api, 'Object{spec: Object.spec{size: object.spec.size + 1}}');
  const spec = { matchConstraints: { resourceRules: [RULE] }, validations: [{ expression: 'object.spec.size < 5' }] };
  await api.client.create(validatingAdmissionPolicies, { metadata: { name: 'v' }, spec } as never);
  const bound = { policyName: 'v', validationActions: ['Deny'] };
  await api.client.create(validatingAdmissionPolicyBindings, { metadata: { name: 'v' }, spec: bound } as never);
  const created = await api.client.create(things, thing({ size: 1 }));
  assert.deepEqual(created.spec, { size: 2, color: 'blue' });
  const error = await failureOf(api.client.create(things, thing({ size: 4 })));
  assert.match(error.message, /denied request: failed expression: object.spec.size < 5$/);
});

test('what policies replace as a whole they may not touch', async () => {
  await using api = await startTestApiServer();
  await defineThings(api);
  await mutate(api, 'Object{spec: Object.spec{tags: ["a"]}}');
  const error = await failureOf(api.client.create(things, thing({ size: 1 })));
  assert.match(error.message, /may not mutate atomic arrays, maps or structs: .spec.tags$/);
});

test('webhooks see custom objects after policies, and what they add is pruned and defaulted', async () => {
  await using server = await startWebhookServer(({ object }) => {
    const { size } = (object as unknown as Thing).spec;
    const operations = [
      { op: 'replace', path: '/spec/size', value: size * 10 },
      { op: 'remove', path: '/spec/color' },
      { op: 'add', path: '/spec/unknown', value: 1 },
    ];
    const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
    return { allowed: true, patchType: 'JSONPatch', patch };
  });
  await using api = await startTestApiServer();
  await defineThings(api);
  await mutate(api, 'Object{spec: Object.spec{size: object.spec.size + 1}}');
  const hook = {
    name: 'hook.example.com',
    clientConfig: { url: server.url, caBundle: server.caBundle },
    rules: [RULE],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  await api.client.create(mutatingWebhookConfigurations, { metadata: { name: 'w' }, webhooks: [hook] } as never);
  const created = await api.client.create(things, thing({ size: 1 }));
  assert.deepEqual(created.spec, { size: 20, color: 'blue' });
});

test('parameters may be custom objects', async () => {
  await using api = await startTestApiServer();
  await defineThings(api);
  await api.client.create(things, thing({ size: 2 }));
  const spec = {
    paramKind: { apiVersion: 'example.com/v1', kind: 'Thing' },
    matchConstraints: { resourceRules: [{ ...RULE, apiGroups: [''], resources: ['configmaps'] }] },
    validations: [
      { expression: 'object.data.size() <= params.spec.size', messageExpression: "params.kind + ' says no'" },
    ],
  };
  await api.client.create(validatingAdmissionPolicies, { metadata: { name: 'v' }, spec } as never);
  const paramRef = { name: 'a', parameterNotFoundAction: 'Deny' };
  const bound = { policyName: 'v', paramRef, validationActions: ['Deny'] };
  await api.client.create(validatingAdmissionPolicyBindings, { metadata: { name: 'v' }, spec: bound } as never);
  const create = (data: Record<string, string>) =>
    api.client.create(configMaps, { metadata: { name: 'c', namespace }, data });
  assert.match((await failureOf(create({ a: '1', b: '2', c: '3' }))).message, /denied request: Thing says no$/);
  await create({ a: '1', b: '2' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { customResourceDefinitions } from '@kts/api';
import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { settle } from '@kts/base/testing';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

interface Thing extends KubeObject {
  readonly spec?: { readonly size?: number; readonly color?: string; readonly unknown?: number };
}

const things: ResourceType<Thing> = {
  group: 'example.com',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
};

async function withThings(): Promise<TestApiServer> {
  const server = await startTestApiServer();
  const size = { type: 'integer', minimum: 1 };
  const color = { type: 'string', default: 'blue' };
  const spec = { type: 'object', required: ['size'], properties: { size, color } };
  await server.client.create(customResourceDefinitions, {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  });
  await settle();
  return server;
}

const thing = (spec: object): { metadata: object; spec: object } => ({
  metadata: { name: 'a', namespace: 'default' },
  spec,
});

test('a definition is established and its objects are served, pruned and defaulted', async () => {
  await using server = await withThings();
  const crd = await server.client.get(customResourceDefinitions, { name: 'things.example.com' });
  assert.deepEqual(
    crd.status?.conditions?.map(({ type, status }) => [type, status]),
    [
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ],
  );
  const created = await server.client.create(things, thing({ size: 3, unknown: 1 }));
  assert.deepEqual(created.spec, { size: 3, color: 'blue' });
  assert.equal(created.metadata.generation, 1);
  assert.equal((await server.client.list(things, { namespace: 'default' })).items.length, 1);
});

test('objects that break the schema are refused', async () => {
  await using server = await withThings();
  const missing = await failureOf(server.client.create(things, thing({})));
  assert.match(missing.message, /spec\.size: Required value/);
  const small = await failureOf(server.client.create(things, thing({ size: 0 })));
  assert.match(small.message, /spec\.size in body should be greater than or equal to 1/);
});

test('without their definition objects are gone', async () => {
  await using server = await withThings();
  await server.client.create(things, thing({ size: 1 }));
  await server.client.delete(customResourceDefinitions, { name: 'things.example.com' });
  await settle();
  assert.equal((await failureOf(server.client.list(things, { namespace: 'default' }))).code, 404);
  assert.equal(await server.store.count('/registry/example.com/things/'), 0);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { customResourceDefinitions } from '@kts/api';
import type { JSONSchemaProps } from '@kts/api/types/apiextensions-v1';
import type { KubeObject, ResourceType } from '@kts/apimachinery';
import { settle, type FakeClock } from '@kts/base/testing';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';
import {
  defineThings,
  redefineThings,
  thing,
  thingDefinition,
  things,
  THINGS,
  thingsOf,
  thingVersion,
  type Thing,
  type Version,
} from '../testing/thing-definition.ts';

const key = { namespace: 'default', name: 'a' };
const size: JSONSchemaProps = { type: 'integer', minimum: 1 };
const color: JSONSchemaProps = { type: 'string', default: 'blue' };
const spec: JSONSchemaProps = { type: 'object', required: ['size'], properties: { size, color } };

async function withThings(extra: Partial<Version> = {}, schema = spec): Promise<TestApiServer<FakeClock>> {
  const server = await startTestApiServer();
  await defineThings(server, [thingVersion(schema, extra)]);
  return server;
}

const conditionsOf = async ({ client }: TestApiServer, name = THINGS): Promise<unknown> => {
  const { status } = await client.get(customResourceDefinitions, { name });
  return status?.conditions?.map(({ type, status: value }) => `${type} ${value}`);
};

describe('custom objects', () => {
  test('are served once their definition is established, pruned and defaulted', async () => {
    await using server = await withThings();
    assert.deepEqual(await conditionsOf(server), ['NamesAccepted True', 'Established True']);
    const created = await server.client.create(things, thing({ size: 3, unknown: 1 }));
    assert.deepEqual(created.spec, { size: 3, color: 'blue' });
    assert.equal(created.metadata.generation, 1);
    assert.equal((await server.client.list(things, { namespace: 'default' })).items.length, 1);
  });

  const wrong: readonly (readonly [object, RegExp])[] = [
    [{}, /spec\.size: Required value/],
    [{ size: 0 }, /spec\.size in body should be greater than or equal to 1/],
    [{ size: 'x' }, /spec\.size in body must be of type integer: "string"/],
  ];
  for (const [value, message] of wrong) {
    test(`that break the schema are refused: ${JSON.stringify(value)}`, async () => {
      await using server = await withThings();
      const error = await failureOf(server.client.create(things, thing(value)));
      assert.equal(error.code, 422);
      assert.match(error.message, message);
    });
  }

  test('are shown as their definition wants them now', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1, color: 'red' }));
    const shape: JSONSchemaProps = { type: 'string', default: 'round' };
    await redefineThings(server, (before) => ({
      ...before,
      versions: [thingVersion({ type: 'object', properties: { size, shape } })],
    }));
    assert.deepEqual((await server.client.get(things, key)).spec, { size: 1, shape: 'round' });
  });

  test('may stay as wrong as they were', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1 }));
    await redefineThings(server, (before) => ({
      ...before,
      versions: [thingVersion({ ...spec, properties: { size: { type: 'integer', minimum: 5 }, color } })],
    }));
    const recolor = { type: 'merge', body: { spec: { color: 'red' } } } as const;
    assert.deepEqual((await server.client.patch(things, key, recolor)).spec, { size: 1, color: 'red' });
    const shrink = { type: 'merge', body: { spec: { size: 2 } } } as const;
    assert.equal((await failureOf(server.client.patch(things, key, shrink))).code, 422);
  });

  test('follow the rules of their definition', async () => {
    const rules = [{ rule: 'self.size >= oldSelf.size', message: 'must not shrink' }];
    await using server = await withThings({}, { ...spec, 'x-kubernetes-validations': rules });
    await server.client.create(things, thing({ size: 2 }));
    const error = await failureOf(server.client.patch(things, key, { type: 'merge', body: { spec: { size: 1 } } }));
    assert.match(error.message, /spec: Invalid value: must not shrink/);
  });

  test('whose metadata is wrong have rules that nobody looks at', async () => {
    const rules = [{ rule: 'self.size > 5', message: 'too small' }];
    await using server = await withThings({}, { ...spec, 'x-kubernetes-validations': rules });
    const { metadata: _, ...nameless } = thing({ size: 2 });
    const metadata = { namespace: 'default' };
    const error = await failureOf(server.client.create(things, { ...nameless, metadata } as unknown as Thing));
    assert.match(error.message, /metadata\.name: Required value.*<nil>: Invalid value: null: some validation rules/);
    assert.doesNotMatch(error.message, /too small/);
  });

  test('are listed with a token to go on with, even if it is empty', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1 }));
    const { metadata } = await server.client.list(things, { namespace: 'default' });
    assert.equal(metadata.continue, '');
  });

  test('have several versions', async () => {
    await using server = await startTestApiServer();
    const other = thingVersion({ type: 'object', properties: { size } }, { name: 'v2', storage: false });
    await defineThings(server, [thingVersion(spec), other]);
    await server.client.create(thingsOf('v2'), thing({ size: 1 }));
    const [one, two] = [await server.client.get(things, key), await server.client.get(thingsOf('v2'), key)];
    assert.deepEqual([one.apiVersion, one.spec], ['example.com/v1', { size: 1, color: 'blue' }]);
    assert.deepEqual([two.apiVersion, two.spec], ['example.com/v2', { size: 1 }]);
    await redefineThings(server, (before) => ({
      ...before,
      versions: [thingVersion(spec), { ...other, served: false }],
    }));
    assert.equal((await failureOf(server.client.get(thingsOf('v2'), key))).code, 404);
  });

  test('have a status of its own, which makes no generation', async () => {
    await using server = await withThings({ subresources: { status: {} } });
    const created = await server.client.create(things, { ...thing({ size: 1 }), status: { ready: true } });
    assert.equal(created.status, undefined);
    const status = { type: 'merge', body: { status: { ready: true }, spec: { size: 9 } } } as const;
    const changed = await server.client.patchStatus(things, key, status);
    assert.deepEqual([changed.status, changed.spec?.['size'], changed.metadata.generation], [{ ready: true }, 1, 1]);
    const grown = await server.client.patch(things, key, { type: 'merge', body: { spec: { size: 9 } } });
    assert.equal(grown.metadata.generation, 2);
  });

  test('are scaled', async () => {
    const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
    await using server = await withThings({ subresources: { scale } });
    await server.client.create(things, thing({ size: 2 }));
    const scales = things as unknown as ResourceType<KubeObject & { readonly spec: { readonly replicas?: number } }>;
    const shown = await server.client.get(scales, key, { subresource: 'scale' });
    assert.deepEqual([shown.kind, shown.spec], ['Scale', { replicas: 2 }]);
    const patch = { type: 'merge', body: { spec: { replicas: 4 } } } as const;
    await server.client.patch(scales, key, patch, { subresource: 'scale' });
    assert.equal((await server.client.get(things, key)).spec?.['size'], 4);
  });

  test('are selected by the fields that their definition names', async () => {
    await using server = await withThings({ selectableFields: [{ jsonPath: '.spec.color' }] });
    await server.client.create(things, thing({ size: 1 }));
    await server.client.create(things, thing({ size: 1, color: 'red' }, { name: 'b' }));
    const namesBy = async (fieldSelector: string): Promise<string[]> => {
      const { items } = await server.client.list(things, { namespace: 'default', fieldSelector });
      return items.map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(await namesBy('spec.color=red'), ['b']);
    assert.deepEqual(await namesBy('spec.color!=red'), ['a']);
    assert.equal((await failureOf(namesBy('spec.size=1'))).code, 400);
  });

  test('are merged by the list types of their schema', async () => {
    const list: JSONSchemaProps = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: { type: 'integer' } } },
    };
    await using server = await withThings({}, { type: 'object', properties: { list } });
    const apply = (fieldManager: string, ...items: object[]): Promise<Thing> =>
      server.client.apply(things, thing({ list: items }), { fieldManager });
    await apply('one', { k: 'a', v: 1 });
    const both = await apply('two', { k: 'b', v: 2 });
    assert.deepEqual(both.spec, {
      list: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
    });
    assert.equal((await failureOf(apply('two', { k: 'a', v: 3 }))).code, 409);
  });

  test('keep their owners when an empty list of them is sent', async () => {
    await using server = await withThings();
    const { metadata } = await server.client.create(things, thing({ size: 1 }));
    const body = { metadata: { managedFields: [] } };
    const patched = await server.client.patch(things, key, { type: 'merge', body });
    assert.deepEqual(patched.metadata.managedFields, metadata.managedFields);
  });

  test('know no strategic merge patch', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1 }));
    const error = await failureOf(server.client.patch(things, key, { type: 'strategic', body: { spec: { size: 2 } } }));
    assert.equal(error.code, 415);
  });
});

describe('a definition', () => {
  test('waits for names that another one has', async () => {
    await using server = await withThings();
    const names = { plural: 'others', kind: 'Thing' };
    const other = thingDefinition([thingVersion(spec)], { names });
    await server.client.create(customResourceDefinitions, {
      ...other,
      metadata: { name: 'others.example.com' } as never,
    });
    await settle();
    assert.deepEqual(await conditionsOf(server, 'others.example.com'), ['NamesAccepted False', 'Established False']);
    await server.client.delete(customResourceDefinitions, { name: THINGS });
    await settle();
    assert.deepEqual(await conditionsOf(server, 'others.example.com'), ['NamesAccepted True', 'Established True']);
  });

  test('remembers in which versions objects may be stored', async () => {
    await using server = await withThings();
    await redefineThings(server, (before) => ({
      ...before,
      versions: [thingVersion(spec, { storage: false }), thingVersion(spec, { name: 'v2' })],
    }));
    const { status } = await server.client.get(customResourceDefinitions, { name: THINGS });
    assert.deepEqual(status?.storedVersions, ['v1', 'v2']);
  });

  test('takes its objects with it', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1 }));
    await server.client.delete(customResourceDefinitions, { name: THINGS });
    await settle();
    assert.equal((await failureOf(server.client.list(things, { namespace: 'default' }))).code, 404);
    assert.equal(await server.store.count('/registry/example.com/things/'), 0);
  });

  test('that goes waits for the finalizers of its objects, and takes no new ones', async () => {
    await using server = await withThings();
    await server.client.create(things, thing({ size: 1 }, { finalizers: ['example.com/wait'] }));
    await server.client.delete(customResourceDefinitions, { name: THINGS });
    await settle();
    assert.deepEqual(await conditionsOf(server), ['NamesAccepted True', 'Established True', 'Terminating True']);
    const error = await failureOf(server.client.create(things, thing({ size: 1 }, { name: 'b' })));
    assert.match(error.message, /create not allowed while custom resource definition is terminating/);
    await server.client.patch(things, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await server.clock.advance(10_000);
    await settle();
    assert.equal((await failureOf(server.client.get(customResourceDefinitions, { name: THINGS }))).code, 404);
  });

  test('that is wrong is refused', async () => {
    await using server = await startTestApiServer();
    const crd = thingDefinition([thingVersion({ type: 'array' })]);
    const error = await failureOf(server.client.create(customResourceDefinitions, crd));
    assert.equal(error.code, 422);
    assert.match(error.message, /items: Required value: must be specified/);
  });
});

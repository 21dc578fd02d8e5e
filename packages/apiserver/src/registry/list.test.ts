import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { configMaps, pods } from '@kts/api';
import type { KubeObject } from '@kts/apimachinery';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

async function withConfigMaps(...names: string[]): Promise<TestApiServer> {
  const server = await startTestApiServer();
  for (const name of names) await server.client.create(configMaps, { metadata: { name, namespace: 'default' } });
  return server;
}

const namesOf = (items: readonly KubeObject[]): string[] => items.map(({ metadata }) => metadata.name);

describe('list', () => {
  test('pages show one state, whatever happens meanwhile', async () => {
    await using server = await withConfigMaps('a', 'b', 'c', 'd');
    const first = await server.client.list(configMaps, { namespace: 'default', limit: 2 });
    assert.deepEqual(namesOf(first.items), ['a', 'b']);
    assert.equal(first.metadata.remainingItemCount, 2);
    await server.client.delete(configMaps, { namespace: 'default', name: 'c' });
    await server.client.create(configMaps, { metadata: { name: 'bb', namespace: 'default' } });
    const second = await server.client.list(configMaps, {
      namespace: 'default',
      limit: 2,
      continue: first.metadata.continue!,
    });
    assert.deepEqual(namesOf(second.items), ['c', 'd']);
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.equal(second.metadata.continue, undefined);
  });

  test('of an older version shows the state of then', async () => {
    await using server = await withConfigMaps('a');
    const { metadata } = await server.client.list(configMaps, { namespace: 'default' });
    await server.client.create(configMaps, { metadata: { name: 'b', namespace: 'default' } });
    const { items } = await server.client.list(configMaps, {
      namespace: 'default',
      resourceVersion: metadata.resourceVersion!,
      resourceVersionMatch: 'Exact',
    });
    assert.deepEqual(namesOf(items), ['a']);
  });

  test('by fields and labels', async () => {
    await using server = await startTestApiServer();
    for (const [name, nodeName] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const) {
      const spec = { nodeName, containers: [{ name: 'c', image: 'i' }] };
      await server.client.create(pods, { metadata: { name, namespace: 'default', labels: { pod: name } }, spec });
    }
    const list = async (selection: object): Promise<string[]> =>
      namesOf((await server.client.list(pods, selection)).items);
    assert.deepEqual(await list({ fieldSelector: 'spec.nodeName=two' }), ['b']);
    assert.deepEqual(await list({ fieldSelector: 'spec.nodeName!=two' }), ['a']);
    assert.deepEqual(await list({ labelSelector: 'pod in (a)' }), ['a']);
    assert.deepEqual(await list({ fieldSelector: 'metadata.name=a', namespace: 'default' }), ['a']);
    const error = await failureOf(server.client.list(pods, { fieldSelector: 'spec.color=blue' }));
    assert.equal(error.message, 'field label not supported: spec.color');
  });
});

describe('watch', () => {
  test('delivers what happens after the list it follows', async () => {
    await using server = await withConfigMaps('a');
    const { metadata } = await server.client.list(configMaps, { namespace: 'default' });
    const events = server.client.watch(configMaps, {
      namespace: 'default',
      resourceVersion: metadata.resourceVersion!,
    });
    await server.client.create(configMaps, { metadata: { name: 'b', namespace: 'default' } });
    await server.client.delete(configMaps, { namespace: 'default', name: 'a' });
    const seen: string[] = [];
    for await (const { type, object } of events) {
      seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, ['ADDED b', 'DELETED a']);
  });
});

describe('a version that cannot be read', () => {
  const problem = 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax';
  const from = { namespace: 'default', resourceVersion: 'abc' };
  const firstEvent = async (server: TestApiServer): Promise<unknown> => server.client.watch(configMaps, from).next();
  const rows: readonly (readonly [
    title: string,
    ask: (server: TestApiServer) => Promise<unknown>,
    code: number,
    reason: string,
    message: string,
  ])[] = [
    [
      'a list',
      ({ client }) => client.list(configMaps, from),
      400,
      'BadRequest',
      `invalid resource version: ${problem}`,
    ],
    ['a watch', firstEvent, 500, '', problem],
  ];
  for (const [title, ask, code, reason, message] of rows) {
    test(`of ${title} is refused`, async () => {
      await using server = await withConfigMaps('a');
      const { status } = await failureOf(ask(server));
      assert.deepEqual([status.code, status.reason ?? '', status.message], [code, reason, message]);
    });
  }
});

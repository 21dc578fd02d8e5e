import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { configMaps, namespaces, pods } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

const key = { namespace: 'default', name: 'web' };
const spec = { containers: [{ name: 'web', image: 'web' }] };

async function createConfigMap(server: TestApiServer, finalizers: string[] = []): Promise<void> {
  await server.client.create(configMaps, { metadata: { ...key, finalizers } });
}

describe('delete', () => {
  test('takes the object away', async () => {
    await using server = await startTestApiServer();
    await createConfigMap(server);
    await server.client.delete(configMaps, key);
    assert.ok(isNotFound(await failureOf(server.client.get(configMaps, key))));
  });

  test('waits for finalizers, and the last one takes the object along', async () => {
    await using server = await startTestApiServer();
    await createConfigMap(server, ['example.com/hold']);
    await server.client.delete(configMaps, key);
    const held = await server.client.get(configMaps, key);
    assert.equal(held.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
    await server.client.patch(configMaps, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    assert.ok(isNotFound(await failureOf(server.client.get(configMaps, key))));
  });

  test('in the foreground leaves the object to the garbage collector', async () => {
    await using server = await startTestApiServer();
    await createConfigMap(server);
    await server.client.delete(configMaps, key, { propagationPolicy: 'Foreground' });
    const { metadata } = await server.client.get(configMaps, key);
    assert.deepEqual(metadata.finalizers, ['foregroundDeletion']);
  });

  test('only of the object that is meant', async () => {
    await using server = await startTestApiServer();
    await createConfigMap(server);
    const error = await failureOf(server.client.delete(configMaps, key, { preconditions: { uid: 'other' } }));
    assert.equal(error.reason, 'Conflict');
    assert.match(error.message, /the UID in the precondition \(other\) does not match/);
  });

  test('of a pod on a node gives it time, which can only be shortened', async () => {
    await using server = await startTestApiServer();
    await server.client.create(pods, { metadata: key, spec: { ...spec, nodeName: 'node' } });
    await server.client.delete(pods, key);
    const marked = await server.client.get(pods, key);
    assert.equal(marked.metadata.deletionGracePeriodSeconds, 30);
    assert.equal(marked.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
    await server.client.delete(pods, key, { gracePeriodSeconds: 60 });
    assert.equal((await server.client.get(pods, key)).metadata.deletionGracePeriodSeconds, 30);
    await server.client.delete(pods, key, { gracePeriodSeconds: 5 });
    assert.equal((await server.client.get(pods, key)).metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
    await server.client.delete(pods, key, { gracePeriodSeconds: 0 });
    assert.ok(isNotFound(await failureOf(server.client.get(pods, key))));
  });

  test('of a collection takes what matches', async () => {
    await using server = await startTestApiServer();
    for (const [name, color] of [
      ['a', 'blue'],
      ['b', 'red'],
    ] as const) {
      await server.client.create(configMaps, { metadata: { name, namespace: 'default', labels: { color } } });
    }
    await server.client.deleteCollection(configMaps, { namespace: 'default', labelSelector: 'color=blue' });
    const { items } = await server.client.list(configMaps, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['b'],
    );
  });

  test('of a namespace marks it, and nothing new gets in', async () => {
    await using server = await startTestApiServer();
    await server.client.create(namespaces, { metadata: { name: 'going' }, spec: {}, status: {} });
    await server.client.delete(namespaces, { name: 'going' });
    assert.equal((await server.client.get(namespaces, { name: 'going' })).status?.phase, 'Terminating');
    const error = await failureOf(server.client.create(configMaps, { metadata: { name: 'late', namespace: 'going' } }));
    assert.equal(error.status.details?.causes?.[0]?.reason, 'NamespaceTerminating');
  });
});

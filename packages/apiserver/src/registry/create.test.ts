import assert from 'node:assert/strict';
import { test } from 'node:test';

import { configMaps, nodes, pods } from '@kts/api';

import { failureOf, startTestApiServer } from '../testing/index.ts';

test('a new object gets an identity and can be read back', async () => {
  await using server = await startTestApiServer();
  const created = await server.client.create(configMaps, {
    metadata: { name: 'web', namespace: 'default' },
    data: { a: '1' },
  });
  assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal(created.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  assert.deepEqual(await server.client.get(configMaps, { namespace: 'default', name: 'web' }), created);
});

test('a name can be taken only once', async () => {
  await using server = await startTestApiServer();
  const object = { metadata: { name: 'web', namespace: 'default' } };
  await server.client.create(configMaps, object);
  const error = await failureOf(server.client.create(configMaps, object));
  assert.equal(error.reason, 'AlreadyExists');
  assert.equal(error.message, 'configmaps "web" already exists');
});

test('nothing is created in a namespace that does not exist', async () => {
  await using server = await startTestApiServer();
  const error = await failureOf(server.client.create(configMaps, { metadata: { name: 'web', namespace: 'no' } }));
  assert.equal(error.message, 'namespaces "no" not found');
});

test('a pod gets a service account, a priority and tolerations', async () => {
  await using server = await startTestApiServer();
  const pod = await server.client.create(pods, {
    metadata: { generateName: 'web-', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  });
  assert.match(pod.metadata.name, /^web-[a-z0-9]{5}$/);
  assert.equal(pod.spec.serviceAccountName, 'default');
  assert.equal(pod.spec.priority, 0);
  assert.equal(pod.spec.tolerations?.length, 2);
  assert.equal(pod.spec.containers[0]?.volumeMounts?.length, 1);
});

test('a node registers itself with its status, other kinds begin without', async () => {
  await using server = await startTestApiServer();
  const capacity = { cpu: '4' };
  const node = await server.client.create(nodes, { metadata: { name: 'one' }, spec: {}, status: { capacity } });
  assert.deepEqual(node.status?.capacity, capacity);
  const pod = await server.client.create(pods, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web' }] },
    status: { phase: 'Running' },
  });
  assert.equal(pod.status?.phase, 'Pending');
});

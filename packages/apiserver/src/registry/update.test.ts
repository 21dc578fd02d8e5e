import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { configMaps, deployments, persistentVolumeClaims, pods, resourceSlices } from '@kts/api';
import type { ConfigMap, Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';

import { failureOf, startTestApiServer } from '../testing/index.ts';

const key = { namespace: 'default', name: 'web' };
const configMap = (data: Record<string, string>): New<ConfigMap> => ({ metadata: key, data });
const pod: New<Pod> = { metadata: key, spec: { containers: [{ name: 'web', image: 'web:1' }] } };

describe('update', () => {
  test('replaces the object and keeps who it is', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(configMaps, configMap({ a: '1' }));
    await server.clock.advance(5_000);
    const updated = await server.client.update(configMaps, { ...created, data: { b: '2' } });
    assert.deepEqual(updated.data, { b: '2' });
    assert.equal(updated.metadata.uid, created.metadata.uid);
    assert.equal(updated.metadata.creationTimestamp, created.metadata.creationTimestamp);
    assert.ok(Number(updated.metadata.resourceVersion) > Number(created.metadata.resourceVersion));
  });

  test('is refused when somebody else was faster', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(configMaps, configMap({ a: '1' }));
    await server.client.update(configMaps, { ...created, data: { a: '2' } });
    const error = await failureOf(server.client.update(configMaps, { ...created, data: { a: '3' } }));
    assert.equal(error.reason, 'Conflict');
    assert.match(error.message, /^Operation cannot be fulfilled on configmaps "web": the object has been modified/);
  });

  test('that changes nothing writes nothing', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(configMaps, configMap({ a: '1' }));
    await server.clock.advance(5_000);
    const updated = await server.client.update(configMaps, created);
    assert.equal(updated.metadata.resourceVersion, created.metadata.resourceVersion);
  });

  test('of the status changes nothing else, and the other way round', async () => {
    await using server = await startTestApiServer();
    const created = await server.client.create(pods, pod);
    const running = { ...created, status: { ...created.status, phase: 'Running' as const } };
    const ignored = await server.client.update(pods, running);
    assert.equal(ignored.status?.phase, 'Pending');
    const spec = { ...created.spec, containers: [{ ...created.spec.containers[0]!, image: 'web:2' }] };
    const status = await server.client.updateStatus(pods, {
      ...running,
      spec,
      metadata: { ...created.metadata, resourceVersion: ignored.metadata.resourceVersion },
    });
    assert.equal(status.status?.phase, 'Running');
    assert.equal(status.spec.containers[0]?.image, 'web:1');
  });

  test('of what is asked for counts up the generation', async () => {
    await using server = await startTestApiServer();
    const labels = { app: 'web' };
    const created = await server.client.create(deployments, {
      metadata: key,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      },
    });
    assert.equal(created.metadata.generation, 1);
    const labelled = await server.client.update(deployments, {
      ...created,
      metadata: { ...created.metadata, labels },
    });
    assert.equal(labelled.metadata.generation, 1);
    const scaled = await server.client.update(deployments, { ...labelled, spec: { ...labelled.spec!, replicas: 3 } });
    assert.equal(scaled.metadata.generation, 2);
  });
});

describe('patch', () => {
  test('that changes nothing is written once for claims, which are stored without their phase', async () => {
    await using server = await startTestApiServer();
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } as const;
    const { metadata } = await server.client.create(persistentVolumeClaims, { metadata: key, spec });
    const versions = [metadata.resourceVersion];
    for (let i = 0; i < 2; i++) {
      const patched = await server.client.patch(persistentVolumeClaims, key, { type: 'merge', body: {} });
      versions.push(patched.metadata.resourceVersion);
    }
    assert.notEqual(versions[1], versions[0]);
    assert.equal(versions[2], versions[1]);
  });

  test('that takes the version away leaves nothing that has a name', async () => {
    await using server = await startTestApiServer();
    await server.client.create(configMaps, { metadata: key, data: { a: '1' } });
    const body = { apiVersion: '', data: { a: '2' } };
    const error = await failureOf(server.client.patch(configMaps, key, { type: 'merge', body }));
    assert.match(error.message, /was undeterminable: name must be provided/);
  });

  test('of a slice of devices cannot give it counters, not even none', async () => {
    await using server = await startTestApiServer();
    const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
    const spec = { driver: 'd.example.com', nodeName: 'n', pool, devices: [{ name: 'd' }] };
    await server.client.create(resourceSlices, { metadata: { name: 's' }, spec });
    const body = { spec: { sharedCounters: [] } };
    const error = await failureOf(server.client.patch(resourceSlices, { name: 's' }, { type: 'merge', body }));
    assert.match(error.message, /only one of `sharedCounters` or `devices` is allowed/);
  });

  test('of a pod tells an empty struct from none', async () => {
    await using server = await startTestApiServer();
    await server.client.create(pods, { metadata: key, spec: { containers: [{ name: 'a', image: 'b' }] } });
    const body = { spec: { dnsConfig: {} } };
    assert.equal((await failureOf(server.client.patch(pods, key, { type: 'merge', body }))).code, 422);
  });

  test('by apply cannot store what is no time', async () => {
    await using server = await startTestApiServer();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, deletionTimestamp: 5 } };
    const apply = { type: 'apply', body, fieldManager: 'm' } as const;
    assert.ok((await failureOf(server.client.patch(configMaps, key, apply))).code >= 400);
  });

  test('without a version applies to whatever there is', async () => {
    await using server = await startTestApiServer();
    await server.client.create(configMaps, configMap({ a: '1', b: '1' }));
    const patched = await server.client.patch(configMaps, key, { type: 'merge', body: { data: { a: null, c: '3' } } });
    assert.deepEqual(patched.data, { b: '1', c: '3' });
  });

  test('with apply takes ownership, and gives up what is no longer mentioned', async () => {
    await using server = await startTestApiServer();
    const apply = (data: Record<string, string>): Promise<ConfigMap> =>
      server.client.patch(configMaps, key, {
        type: 'apply',
        fieldManager: 'tester',
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data },
      });
    await apply({ a: '1', b: '1' });
    const applied = await apply({ a: '2' });
    assert.deepEqual(applied.data, { a: '2' });
    assert.deepEqual(
      applied.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [['tester', 'Apply']],
    );
  });

  test('of an object that does not exist', async () => {
    await using server = await startTestApiServer();
    const error = await failureOf(server.client.patch(configMaps, key, { type: 'merge', body: {} }));
    assert.equal(error.message, 'configmaps "web" not found');
  });
});

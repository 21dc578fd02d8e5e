import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { configMaps, pods, replicaSets } from '@kts/api';
import type { ConfigMap } from '@kts/api/types/core-v1';
import type { KubeObject } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';

function configMap(
  { client }: ControllerHarness,
  name: string,
  owners: readonly KubeObject[] = [],
  block = false,
): Promise<ConfigMap> {
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name,
    uid: metadata.uid,
    ...(block ? { blockOwnerDeletion: true } : {}),
  }));
  return client.create(configMaps, { metadata: { name, namespace: NAMESPACE, ownerReferences } });
}

async function names({ client }: ControllerHarness): Promise<readonly string[]> {
  return (await client.list(configMaps, { namespace: NAMESPACE })).items.map(({ metadata }) => metadata.name);
}

const start = (...others: readonly string[]): Promise<ControllerHarness> =>
  startControllers(['garbage-collector-controller', ...others]);

describe('the garbage collector', () => {
  it('deletes dependents of what was deleted, and theirs', async () => {
    await using cluster = await start();
    const a = await configMap(cluster, 'a');
    const b = await configMap(cluster, 'b', [a]);
    await configMap(cluster, 'c', [b]);
    await cluster.settle();
    await cluster.client.delete(configMaps, a.metadata, { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('keeps what has another owner, and takes the lost one off it', async () => {
    await using cluster = await start();
    const a = await configMap(cluster, 'a');
    const b = await configMap(cluster, 'b');
    await configMap(cluster, 'c', [a, b]);
    await cluster.client.delete(configMaps, a.metadata);
    await cluster.settle();
    const { metadata } = await cluster.client.get(configMaps, { namespace: NAMESPACE, name: 'c' });
    assert.deepEqual(
      metadata.ownerReferences?.map(({ name }) => name),
      ['b'],
    );
  });

  it('collects what names an owner that never was', async () => {
    await using cluster = await start();
    const a = await configMap(cluster, 'a');
    await configMap(cluster, 'b', [{ metadata: { ...a.metadata, name: 'nobody', uid: 'no-such-uid' } }]);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['a']);
  });

  it('lets an owner that is deleted in the foreground go last', async () => {
    await using cluster = await start();
    const a = await configMap(cluster, 'a');
    const b = await configMap(cluster, 'b', [a], true);
    const hold = { type: 'merge', body: { metadata: { finalizers: ['example.com/hold'] } } } as const;
    await cluster.client.patch(configMaps, b.metadata, hold);
    await cluster.client.delete(configMaps, a.metadata, { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['a', 'b']);
    await cluster.client.patch(configMaps, b.metadata, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('sets dependents free when their owner is deleted so', async () => {
    await using cluster = await start();
    const a = await configMap(cluster, 'a');
    await configMap(cluster, 'b', [a]);
    await cluster.settle();
    await cluster.client.delete(configMaps, a.metadata, { propagationPolicy: 'Orphan' });
    await cluster.settle();
    const [left, ...others] = (await cluster.client.list(configMaps, { namespace: NAMESPACE })).items;
    assert.deepEqual([left?.metadata.name, left?.metadata.ownerReferences, others], ['b', undefined, []]);
  });

  it('deletes the pods of a ReplicaSet', async () => {
    await using cluster = await start('replicaset-controller');
    const { metadata } = await cluster.client.create(replicaSets, {
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      },
    });
    await cluster.settle();
    await cluster.client.delete(replicaSets, metadata);
    await cluster.settle();
    assert.deepEqual((await cluster.client.list(pods, { namespace: NAMESPACE })).items, []);
  });
});

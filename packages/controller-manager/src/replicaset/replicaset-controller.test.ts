import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, pods, replicaSets, replicationControllers } from '@kts/api';
import type { ReplicaSet } from '@kts/api/types/apps-v1';
import type { New } from '@kts/apimachinery';

import { startControllers } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const web = (replicas: number): New<ReplicaSet> => ({
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
  },
});

describe('the ReplicaSet controller', () => {
  it('creates pods, tells of them and reports its status', async () => {
    await using cluster = await startControllers(['replicaset-controller']);
    await cluster.client.create(replicaSets, web(3));
    await cluster.settle();
    const { items } = await cluster.client.list(pods, { namespace: NAMESPACE });
    assert.equal(items.length, 3);
    assert.match(items[0]!.metadata.name, /^web-[a-z0-9]{5}$/);
    assert.equal(items[0]!.metadata.ownerReferences?.[0]?.kind, 'ReplicaSet');
    const { status } = await cluster.client.get(replicaSets, { namespace: NAMESPACE, name: 'web' });
    assert.deepEqual(status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    const told = await cluster.client.list(events, { namespace: NAMESPACE });
    assert.deepEqual(
      new Set(told.items.map(({ reason, message }) => `${reason}: ${message}`)),
      new Set(items.map((pod) => `SuccessfulCreate: Created pod: ${pod.metadata.name}`)),
    );
  });

  it('scales down, and replaces what is deleted', async () => {
    await using cluster = await startControllers(['replicaset-controller']);
    await cluster.client.create(replicaSets, web(3));
    await cluster.settle();
    await cluster.client.scale(replicaSets, { namespace: NAMESPACE, name: 'web' }, 1);
    await cluster.settle();
    const [left, ...more] = (await cluster.client.list(pods, { namespace: NAMESPACE })).items;
    assert.deepEqual(more, []);
    await cluster.client.delete(pods, left!.metadata);
    await cluster.settle();
    const [replacement, ...none] = (await cluster.client.list(pods, { namespace: NAMESPACE })).items;
    assert.deepEqual(none, []);
    assert.notEqual(replacement!.metadata.uid, left!.metadata.uid);
  });

  it('adopts a pod that matches, and lets go one that no longer does', async () => {
    await using cluster = await startControllers(['replicaset-controller']);
    const key = { namespace: NAMESPACE, name: 'lone' };
    await cluster.client.create(pods, {
      metadata: { ...key, labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    await cluster.client.create(replicaSets, web(1));
    await cluster.settle();
    assert.equal((await cluster.client.get(pods, key)).metadata.ownerReferences?.[0]?.name, 'web');
    await cluster.client.patch(pods, key, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } });
    await cluster.settle();
    assert.equal((await cluster.client.get(pods, key)).metadata.ownerReferences, undefined);
    assert.equal((await cluster.client.list(pods, { namespace: NAMESPACE })).items.length, 2);
  });
});

describe('the ReplicationController controller', () => {
  it('does the same for its kind', async () => {
    await using cluster = await startControllers(['replicationcontroller-controller']);
    await cluster.client.create(replicationControllers, {
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: { replicas: 2, selector: { app: 'web' }, template: web(1).spec.template! },
    });
    await cluster.settle();
    assert.equal((await cluster.client.list(pods, { namespace: NAMESPACE })).items.length, 2);
    const { status } = await cluster.client.get(replicationControllers, { namespace: NAMESPACE, name: 'web' });
    assert.deepEqual(status, { replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 });
  });
});

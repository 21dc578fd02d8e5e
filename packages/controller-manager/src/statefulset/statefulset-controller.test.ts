import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { controllerRevisions, events, persistentVolumeClaims, pods, statefulSets } from '@kts/api';
import type { StatefulSet, StatefulSetSpec } from '@kts/api/types/apps-v1';
import type { New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const KEY = { namespace: NAMESPACE, name: 'db' };

function db(spec: Partial<StatefulSetSpec> = {}): New<StatefulSet> {
  return {
    metadata: KEY,
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'main', image: 'db:1' }] } },
      ...spec,
    },
  };
}

async function names(cluster: ControllerHarness): Promise<readonly string[]> {
  const { items } = await cluster.client.list(pods, { namespace: NAMESPACE });
  return items.map(({ metadata }) => metadata.name).toSorted();
}

async function makeReady(cluster: ControllerHarness): Promise<void> {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  for (const { metadata } of (await cluster.client.list(pods, { namespace: NAMESPACE })).items) {
    await cluster.client.patchStatus(pods, metadata, { type: 'strategic', body: { status } });
  }
  await cluster.settle();
}

describe('the StatefulSet controller', () => {
  it('creates one pod after the other', async () => {
    await using cluster = await startControllers(['statefulset-controller']);
    await cluster.client.create(statefulSets, db());
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['db-0']);
    await makeReady(cluster);
    assert.deepEqual(await names(cluster), ['db-0', 'db-1']);
    await makeReady(cluster);
    const { status } = await cluster.client.get(statefulSets, KEY);
    assert.deepEqual([status?.readyReplicas, status?.currentRevision], [2, status?.updateRevision]);
    const told = (await cluster.client.list(events, { namespace: NAMESPACE })).items.map(({ message }) => message);
    assert.deepEqual(told, [
      'Create Pod db-0 in StatefulSet db successful',
      'Create Pod db-1 in StatefulSet db successful',
    ]);
  });

  it('gives every pod its claims, and keeps them', async () => {
    await using cluster = await startControllers(['statefulset-controller']);
    const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } as const;
    await cluster.client.create(
      statefulSets,
      db({
        podManagementPolicy: 'Parallel',
        volumeClaimTemplates: [{ metadata: { name: 'data' } as never, spec: claimSpec }],
      }),
    );
    await cluster.settle();
    await cluster.client.scale(statefulSets, KEY, 1);
    await cluster.settle();
    const claims = (await cluster.client.list(persistentVolumeClaims, { namespace: NAMESPACE })).items;
    assert.deepEqual(
      claims.map(({ metadata }) => metadata.name),
      ['data-db-0', 'data-db-1'],
    );
    const pod = await cluster.client.get(pods, { namespace: NAMESPACE, name: 'db-0' });
    assert.equal(pod.spec.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-0');
  });

  it('rolls a new template out from the last pod, and back', async () => {
    await using cluster = await startControllers(['statefulset-controller']);
    await cluster.client.create(statefulSets, db({ podManagementPolicy: 'Parallel' }));
    await cluster.settle();
    await makeReady(cluster);
    const setImage = async (image: string): Promise<void> => {
      const body = { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } };
      await cluster.client.patch(statefulSets, KEY, { type: 'strategic', body });
      await cluster.settle();
      for (let round = 0; round < 3; round++) await makeReady(cluster);
    };
    const images = async (): Promise<readonly (string | undefined)[]> =>
      (await cluster.client.list(pods, { namespace: NAMESPACE })).items.map(({ spec }) => spec.containers[0]?.image);
    await setImage('db:2');
    assert.deepEqual(await images(), ['db:2', 'db:2']);
    await setImage('db:1');
    assert.deepEqual(await images(), ['db:1', 'db:1']);
    const revisions = (await cluster.client.list(controllerRevisions, { namespace: NAMESPACE })).items;
    assert.deepEqual(new Set(revisions.map(({ revision }) => revision)), new Set([2, 3]));
  });
});

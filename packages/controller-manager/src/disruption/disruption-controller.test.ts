import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, podDisruptionBudgets, pods, replicaSets } from '@kts/api';

import { startControllers } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const KEY = { namespace: NAMESPACE, name: 'budget' };
const LABELS = { app: 'web' };

describe('the disruption controller', () => {
  it('counts what a ReplicaSet wants', async () => {
    await using cluster = await startControllers(['disruption-controller', 'replicaset-controller']);
    await cluster.client.create(replicaSets, {
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: 2,
        selector: { matchLabels: LABELS },
        template: { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      },
    });
    await cluster.client.create(podDisruptionBudgets, {
      metadata: KEY,
      spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
    });
    await cluster.settle();
    for (const { metadata } of (await cluster.client.list(pods, { namespace: NAMESPACE })).items) {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await cluster.client.patchStatus(pods, metadata, { type: 'strategic', body: { status } });
    }
    await cluster.settle();
    const { status } = await cluster.client.get(podDisruptionBudgets, KEY);
    assert.deepEqual([status?.expectedPods, status?.currentHealthy, status?.disruptionsAllowed], [2, 2, 1]);
  });

  it('says so if pods have no controller', async () => {
    await using cluster = await startControllers(['disruption-controller']);
    await cluster.client.create(pods, {
      metadata: { name: 'lone', namespace: NAMESPACE, labels: LABELS },
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    await cluster.client.create(podDisruptionBudgets, {
      metadata: KEY,
      spec: { maxUnavailable: 1, selector: { matchLabels: LABELS } },
    });
    await cluster.settle();
    const told = (await cluster.client.list(events, { namespace: NAMESPACE })).items.map(({ reason }) => reason);
    assert.ok(told.includes('UnmanagedPods'));
  });
});

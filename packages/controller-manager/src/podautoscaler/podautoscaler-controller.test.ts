import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { deployments, events, horizontalPodAutoscalers, pods } from '@kts/api';
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from '@kts/api/types/autoscaling-v2';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const PERIOD_MS = 15_000;
const KEY = { namespace: 'default', name: 'web' };
const labels = { app: 'web' };

async function start(replicas: number, spec: Partial<HorizontalPodAutoscalerSpec> = {}): Promise<ControllerHarness> {
  const cluster = await startControllers(['horizontal-pod-autoscaler-controller']);
  await cluster.client.create(deployments, {
    metadata: KEY,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
    },
  });
  await cluster.client.create(horizontalPodAutoscalers, {
    metadata: KEY,
    spec: {
      minReplicas: 2,
      maxReplicas: 5,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      ...spec,
    },
  });
  await cluster.settle();
  return cluster;
}

async function look(cluster: ControllerHarness): Promise<HorizontalPodAutoscaler> {
  await cluster.clock.advance(PERIOD_MS);
  await cluster.settle();
  return cluster.client.get(horizontalPodAutoscalers, KEY);
}

const replicasOf = async ({ client }: ControllerHarness): Promise<number | undefined> =>
  (await client.get(deployments, KEY)).spec.replicas;

const conditionsOf = ({ status }: HorizontalPodAutoscaler): readonly string[] =>
  (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`);

describe('the autoscaler', () => {
  it('waits for a period, and then keeps the replicas between their limits', async () => {
    await using cluster = await start(9);
    assert.equal(await replicasOf(cluster), 9);
    const autoscaler = await look(cluster);
    assert.equal(await replicasOf(cluster), 5);
    assert.deepEqual(conditionsOf(autoscaler), ['AbleToScale=True SucceededRescale']);
    assert.deepEqual([autoscaler.status?.currentReplicas, autoscaler.status?.desiredReplicas], [9, 5]);
    const { items } = await cluster.client.list(events, { namespace: 'default' });
    assert.deepEqual(
      items.map(({ message }) => message),
      ['New size: 5; reason: Current number of replicas above Spec.MaxReplicas'],
    );
  });

  it('says what it cannot measure, and changes nothing', async () => {
    await using cluster = await start(3);
    const autoscaler = await look(cluster);
    assert.equal(await replicasOf(cluster), 3);
    assert.deepEqual(conditionsOf(autoscaler), [
      'AbleToScale=True SucceededGetScale',
      'ScalingActive=False FailedGetResourceMetric',
    ]);
    assert.deepEqual(autoscaler.status?.currentMetrics, [{ type: '' }]);
  });

  it('does not scale pods that another autoscaler scales', async () => {
    await using cluster = await start(3);
    const { client } = cluster;
    const { spec } = await client.get(horizontalPodAutoscalers, KEY);
    await client.create(horizontalPodAutoscalers, { metadata: { ...KEY, name: 'other' }, spec });
    await client.create(pods, {
      metadata: { ...KEY, labels },
      spec: { containers: [{ name: 'main', image: 'web:1' }] },
    });
    await client.patchStatus(deployments, KEY, { type: 'merge', body: { status: { replicas: 3 } } });
    await look(cluster);
    const autoscaler = await look(cluster);
    const condition = autoscaler.status?.conditions?.find(({ type }) => type === 'ScalingActive');
    assert.equal(condition?.reason, 'AmbiguousSelector');
    assert.equal(
      condition.message,
      'pods by selector app=web are controlled by multiple HPAs: [default/web default/other]',
    );
  });

  it('leaves what somebody has scaled to zero', async () => {
    await using cluster = await start(0);
    const autoscaler = await look(cluster);
    assert.equal(await replicasOf(cluster), 0);
    assert.deepEqual(conditionsOf(autoscaler), [
      'AbleToScale=True SucceededGetScale',
      'ScalingActive=False ScalingDisabled',
    ]);
  });

  it('writes no status that is there already', async () => {
    await using cluster = await start(0);
    const before = await look(cluster);
    const after = await look(cluster);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
  });

  it('says that there is nothing to scale', async () => {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' };
    await using cluster = await start(3, { scaleTargetRef });
    const [condition] = (await look(cluster)).status?.conditions ?? [];
    assert.equal(
      condition?.message,
      'the HPA controller was unable to get the target\'s current scale: deployments.apps "other" not found',
    );
  });

  it('says that there is no such kind', async () => {
    const scaleTargetRef = { apiVersion: 'nothing.test/v1', kind: 'Nope', name: 'x' };
    await using cluster = await start(3, { scaleTargetRef });
    const [condition] = (await look(cluster)).status?.conditions ?? [];
    assert.match(condition?.message ?? '', /no matches for kind "Nope" in group "nothing.test"$/);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { deployments, podDisruptionBudgets, pods } from '@kts/api';
import { isNotFound, type KubeObject } from '@kts/apimachinery';

import { failureOf, startTestApiServer, type TestApiServer } from '../testing/index.ts';

const key = { namespace: 'default', name: 'web' };
const labels = { app: 'web' };
const spec = { containers: [{ name: 'web', image: 'web' }] };

async function withRunningPod(): Promise<TestApiServer> {
  const server = await startTestApiServer();
  const pod = await server.client.create(pods, { metadata: { ...key, labels }, spec: { ...spec, nodeName: 'node' } });
  const conditions = [{ type: 'Ready', status: 'True' }] as const;
  await server.client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Running', conditions } });
  return server;
}

describe('binding', () => {
  test('puts a pod on a node, once', async () => {
    await using server = await startTestApiServer();
    await server.client.create(pods, { metadata: key, spec });
    const bind = (node: string): Promise<void> => server.client.bind(key, node);
    await bind('one');
    const bound = await server.client.get(pods, key);
    assert.equal(bound.spec.nodeName, 'one');
    assert.deepEqual(
      bound.status?.conditions?.map(({ type, status }) => [type, status]),
      [['PodScheduled', 'True']],
    );
    const error = await failureOf(bind('two'));
    assert.equal(
      error.message,
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "one"',
    );
  });
});

describe('eviction', () => {
  async function withBudget(disruptionsAllowed: number): Promise<TestApiServer> {
    const server = await withRunningPod();
    const budget = await server.client.create(podDisruptionBudgets, {
      metadata: key,
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    });
    await server.client.updateStatus(podDisruptionBudgets, {
      ...budget,
      status: { observedGeneration: 1, disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    });
    return server;
  }

  test('is refused by a budget that allows no disruption', async () => {
    await using server = await withBudget(0);
    const error = await failureOf(server.client.evict(key));
    assert.equal(error.code, 429);
    assert.equal(
      error.status.details?.causes?.[0]?.message,
      'The disruption budget web needs 1 healthy pods and has 1 currently',
    );
  });

  test('is counted against the budget, and marks the pod', async () => {
    await using server = await withBudget(1);
    await server.client.evict(key);
    const { status } = await server.client.get(podDisruptionBudgets, key);
    assert.equal(status?.disruptionsAllowed, 0);
    assert.deepEqual(Object.keys(status?.disruptedPods ?? {}), ['web']);
    const pod = await server.client.get(pods, key);
    assert.ok(pod.metadata.deletionTimestamp);
    assert.ok(pod.status?.conditions?.some(({ type }) => type === 'DisruptionTarget'));
  });
});

describe('scale', () => {
  test('shows and changes the replicas of a workload', async () => {
    await using server = await startTestApiServer();
    await server.client.create(deployments, {
      metadata: key,
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const scale = await server.client.getScale(deployments, key);
    assert.deepEqual([scale.spec?.replicas, scale.status?.selector], [2, 'app=web']);
    await server.client.scale(deployments, key, 5);
    const scaled = await server.client.get(deployments, key);
    assert.deepEqual([scaled.spec?.replicas, scaled.metadata.generation], [5, 2]);
  });
});

test('a service account that exists gets tokens', async () => {
  await using server = await startTestApiServer();
  const account = { namespace: 'default', name: 'default' };
  const request = await server.client.createToken(account, { audiences: ['somebody'], expirationSeconds: 600 });
  assert.equal(request.status?.expirationTimestamp, '2026-01-01T00:10:00Z');
  const claims = JSON.parse(
    Buffer.from((request.status?.token ?? '').split('.')[1] ?? '', 'base64url').toString(),
  ) as object;
  assert.equal((claims as { sub: string }).sub, 'system:serviceaccount:default:default');
  const made = await server.client.createToken(account, { audiences: ['somebody'] });
  assert.equal(made.spec.expirationSeconds, 3600);
  assert.deepEqual((made as Partial<KubeObject>).metadata?.managedFields?.[0]?.fieldsV1, {
    'f:spec': { 'f:audiences': {}, 'f:expirationSeconds': {} },
  });
  const error = await failureOf(server.client.createToken({ ...account, name: 'none' }, { audiences: ['somebody'] }));
  assert.ok(isNotFound(error));
});

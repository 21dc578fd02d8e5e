import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { deployments, events, pods, replicaSets } from '@kts/api';
import type { Deployment, DeploymentSpec } from '@kts/api/types/apps-v1';
import type { New } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const NAMESPACE = 'default';
const KEY = { namespace: NAMESPACE, name: 'web' };
const CONTROLLERS = ['deployment-controller', 'replicaset-controller'];

function web(spec: Partial<DeploymentSpec> = {}): New<Deployment> {
  return {
    metadata: { ...KEY },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      ...spec,
    },
  };
}

/** Plays the kubelet: what runs becomes ready, what was deleted goes. */
async function runPods({ client, clock }: ControllerHarness): Promise<void> {
  const time = formatTime(clock.now());
  for (const pod of (await client.list(pods, { namespace: NAMESPACE })).items) {
    if (pod.status?.conditions?.some(({ type }) => type === 'Ready')) continue;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: time }];
    await client.patchStatus(pods, pod.metadata, { type: 'merge', body: { status: { phase: 'Running', conditions } } });
  }
}

async function rollOut(cluster: ControllerHarness): Promise<void> {
  for (let round = 0; round < 12; round++) {
    await cluster.settle();
    await runPods(cluster);
  }
  await cluster.settle();
}

const setImage = (cluster: ControllerHarness, image: string): Promise<Deployment> =>
  cluster.client.patch(deployments, KEY, {
    type: 'json',
    body: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: image }],
  });

const progressing = async (cluster: ControllerHarness): Promise<string | undefined> =>
  (await cluster.client.get(deployments, KEY)).status?.conditions?.find(({ type }) => type === 'Progressing')?.reason;

describe('the Deployment controller', () => {
  it("creates a ReplicaSet with upstream's hash and reports when it is available", async () => {
    await using cluster = await startControllers(CONTROLLERS);
    await cluster.client.create(deployments, web());
    await cluster.settle();
    const [replicaSet] = (await cluster.client.list(replicaSets, { namespace: NAMESPACE })).items;
    assert.equal(replicaSet?.metadata.name, 'web-6b89d9595');
    assert.equal(replicaSet.metadata.labels?.['pod-template-hash'], '6b89d9595');
    assert.equal(await progressing(cluster), 'ReplicaSetUpdated');
    await rollOut(cluster);
    const { status, metadata } = await cluster.client.get(deployments, KEY);
    assert.equal(metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    assert.equal(status?.availableReplicas, 3);
    assert.equal(status.conditions?.find(({ type }) => type === 'Progressing')?.reason, 'NewReplicaSetAvailable');
  });

  it('replaces all pods within its limits when the template changes, and goes back to an earlier ReplicaSet', async () => {
    await using cluster = await startControllers(CONTROLLERS);
    await cluster.client.create(deployments, web());
    await rollOut(cluster);
    await setImage(cluster, 'app:2');
    await rollOut(cluster);
    const { items } = await cluster.client.list(pods, { namespace: NAMESPACE });
    assert.deepEqual(new Set(items.map(({ spec }) => spec.containers[0]?.image)), new Set(['app:2']));
    assert.equal(items.length, 3);
    await setImage(cluster, 'app:1');
    await rollOut(cluster);
    const again = await cluster.client.get(replicaSets, { namespace: NAMESPACE, name: 'web-6b89d9595' });
    assert.equal(again.spec.replicas, 3);
    assert.equal(again.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
    assert.equal(again.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
    const messages = (await cluster.client.list(events, { namespace: NAMESPACE })).items
      .filter(({ reason }) => reason === 'ScalingReplicaSet')
      .map(({ message }) => message);
    assert.ok(messages.includes('Scaled up replica set web-6b89d9595 from 0 to 3'));
    assert.ok(messages.includes('Scaled down replica set web-6b89d9595 from 3 to 2'));
  });

  it('tells when no progress was made for too long', async () => {
    await using cluster = await startControllers(CONTROLLERS);
    await cluster.client.create(deployments, web({ progressDeadlineSeconds: 60 }));
    await cluster.settle();
    await cluster.clock.advance(70_000);
    await cluster.settle();
    assert.equal(await progressing(cluster), 'ProgressDeadlineExceeded');
  });

  it('does not start another template before the pods of the old one are gone, with Recreate', async () => {
    await using cluster = await startControllers(CONTROLLERS);
    await cluster.client.create(deployments, web({ strategy: { type: 'Recreate' } }));
    await rollOut(cluster);
    await setImage(cluster, 'app:2');
    await rollOut(cluster);
    const images = (await cluster.client.list(pods, { namespace: NAMESPACE })).items.map(
      ({ spec }) => spec.containers[0]?.image,
    );
    assert.deepEqual(images, ['app:2', 'app:2', 'app:2']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { controllerRevisions, daemonSets, nodes, pods } from '@kts/api';
import type { DaemonSet } from '@kts/api/types/apps-v1';
import type { Pod } from '@kts/api/types/core-v1';
import type { New } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { targetNodeName } from './daemon-pod.ts';

const NAMESPACE = 'default';
const KEY = { namespace: NAMESPACE, name: 'agent' };

const agent: New<DaemonSet> = {
  metadata: { ...KEY },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
  },
};

async function startWithNodes(...names: readonly string[]): Promise<ControllerHarness> {
  const cluster = await startControllers(['daemonset-controller']);
  for (const name of names) await addNode(cluster, name);
  await cluster.client.create(daemonSets, agent);
  await cluster.settle();
  return cluster;
}

/** New nodes are tainted until the node lifecycle controller finds them ready, which nobody does here. */
async function addNode({ client }: ControllerHarness, name: string): Promise<void> {
  await client.create(nodes, { metadata: { name }, spec: {} });
  await client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: null } } });
}

async function podsOf({ client }: ControllerHarness): Promise<readonly Pod[]> {
  return (await client.list(pods, { namespace: NAMESPACE })).items;
}

async function nodesWithPods(cluster: ControllerHarness): Promise<readonly (string | undefined)[]> {
  return (await podsOf(cluster)).map(targetNodeName).toSorted((a = '', b = '') => (a < b ? -1 : 1));
}

/** Plays scheduler and kubelet: every pod runs and is ready. */
async function runPods(cluster: ControllerHarness): Promise<void> {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(cluster.clock.now()) }];
  for (const { metadata, status } of await podsOf(cluster)) {
    if (status?.phase === 'Running') continue;
    const body = { status: { phase: 'Running', conditions } };
    await cluster.client.patchStatus(pods, metadata, { type: 'merge', body });
  }
}

describe('the DaemonSet controller', () => {
  it('puts a pod on every node, also on those that come later', async () => {
    await using cluster = await startWithNodes('a', 'b');
    assert.deepEqual(await nodesWithPods(cluster), ['a', 'b']);
    await addNode(cluster, 'c');
    await cluster.settle();
    assert.deepEqual(await nodesWithPods(cluster), ['a', 'b', 'c']);
    const { status } = await cluster.client.get(daemonSets, KEY);
    assert.equal(status?.desiredNumberScheduled, 3);
    assert.equal(status.currentNumberScheduled, 3);
    assert.equal((await cluster.client.list(controllerRevisions, { namespace: NAMESPACE })).items.length, 1);
  });

  it('keeps off nodes with taints that it does not tolerate, and leaves them for those that evict', async () => {
    await using cluster = await startWithNodes('a', 'b');
    const taints = [{ key: 'example.com/full', effect: 'NoExecute' }];
    await cluster.client.patch(nodes, { name: 'a' }, { type: 'merge', body: { spec: { taints } } });
    await cluster.settle();
    assert.deepEqual(await nodesWithPods(cluster), ['b']);
  });

  it('replaces pods one by one when the template changes', async () => {
    await using cluster = await startWithNodes('a', 'b');
    await runPods(cluster);
    await cluster.settle();
    const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app:2' }];
    await cluster.client.patch(daemonSets, KEY, { type: 'json', body });
    await cluster.settle();
    const images = async (): Promise<readonly (string | undefined)[]> =>
      (await podsOf(cluster))
        .map(({ spec }) => spec.containers[0]?.image)
        .toSorted((a = '', b = '') => (a < b ? -1 : 1));
    assert.deepEqual(await images(), ['app:1', 'app:2']);
    await runPods(cluster);
    await cluster.settle();
    assert.deepEqual(await images(), ['app:2', 'app:2']);
  });

  it('replaces a failed pod, and waits longer the next time', async () => {
    await using cluster = await startWithNodes('a');
    const fail = async (): Promise<void> => {
      for (const { metadata } of await podsOf(cluster)) {
        await cluster.client.patchStatus(pods, metadata, { type: 'merge', body: { status: { phase: 'Failed' } } });
      }
      await cluster.settle();
    };
    const [first] = await podsOf(cluster);
    await fail();
    const [second] = await podsOf(cluster);
    assert.notEqual(second?.metadata.uid, first?.metadata.uid);
    await fail();
    assert.equal((await podsOf(cluster))[0]?.metadata.uid, second?.metadata.uid);
    await cluster.clock.advance(2000);
    await cluster.settle();
    assert.notEqual((await podsOf(cluster))[0]?.metadata.uid, second?.metadata.uid);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, leases, namespaces, nodes, pods } from '@kts/api';
import type { Node } from '@kts/api/types/core-v1';
import { formatMicroTime, formatTime } from '@kts/base';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';

const LEASES = 'kube-node-lease';

async function addNode(cluster: ControllerHarness, name: string): Promise<void> {
  await cluster.client.create(nodes, { metadata: { name }, spec: {} });
  const lastHeartbeatTime = formatTime(cluster.clock.now());
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime, lastTransitionTime: lastHeartbeatTime }];
  await cluster.client.patchStatus(nodes, { name }, { type: 'merge', body: { status: { conditions } } });
  await cluster.client.create(leases, { metadata: { name, namespace: LEASES }, spec: {} });
}

/** Lets time pass in which the named nodes renew their leases. */
async function pass(cluster: ControllerHarness, seconds: number, ...alive: readonly string[]): Promise<void> {
  for (let second = 0; second < seconds; second += 10) {
    for (const name of alive) {
      const body = { spec: { renewTime: formatMicroTime(cluster.clock.now()) } };
      await cluster.client.patch(leases, { namespace: LEASES, name }, { type: 'merge', body });
    }
    await cluster.clock.advance(10_000);
  }
}

const taintsOf = ({ spec }: Node): string =>
  (spec?.taints ?? [])
    .map(({ key, effect }) => `${key.split('/')[1]}:${effect}`)
    .toSorted()
    .join(' ');

describe('the node lifecycle controller', () => {
  it('notices that a node has fallen silent, taints it, and forgives it', async () => {
    await using cluster = await startControllers(['node-lifecycle-controller']);
    await cluster.client.create(namespaces, { metadata: { name: LEASES }, spec: {}, status: {} });
    for (const name of ['one', 'two']) await addNode(cluster, name);
    const pod = { namespace: 'default', name: 'web' };
    await cluster.client.create(pods, {
      metadata: pod,
      spec: { containers: [{ name: 'main', image: 'web:1' }], nodeName: 'one' },
    });
    const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    await cluster.client.patchStatus(pods, pod, { type: 'strategic', body: ready });
    await pass(cluster, 100, 'two');
    const silent = await cluster.client.get(nodes, { name: 'one' });
    assert.equal(silent.status?.conditions?.[0]?.reason, 'NodeStatusUnknown');
    assert.equal(taintsOf(silent), 'unreachable:NoExecute unreachable:NoSchedule');
    assert.equal((await cluster.client.get(pods, pod)).status?.conditions?.[0]?.status, 'False');
    assert.equal(taintsOf(await cluster.client.get(nodes, { name: 'two' })), '');
    const told = (await cluster.client.list(events, { namespace: 'default' })).items.map(({ message }) => message);
    assert.ok(told.includes('Node one event: Registered Node one in Controller'));
    assert.ok(told.includes('Node one status is now: NodeNotReady'));
    assert.ok(told.includes('Node is not ready'));

    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(cluster.clock.now()) }];
    await cluster.client.patchStatus(nodes, { name: 'one' }, { type: 'merge', body: { status: { conditions } } });
    await pass(cluster, 20, 'one', 'two');
    assert.equal(taintsOf(await cluster.client.get(nodes, { name: 'one' })), '');
  });

  it('blames nobody if everything is silent', async () => {
    await using cluster = await startControllers(['node-lifecycle-controller']);
    await cluster.client.create(namespaces, { metadata: { name: LEASES }, spec: {}, status: {} });
    await addNode(cluster, 'one');
    await pass(cluster, 100);
    assert.equal(taintsOf(await cluster.client.get(nodes, { name: 'one' })), 'unreachable:NoSchedule');
  });
});

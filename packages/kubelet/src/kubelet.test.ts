import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leases, pods } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';
import { KubeletFixture } from './testing/kubelet-fixture.ts';

test('a kubelet registers its node, and renews its lease while it runs', async () => {
  await using fixture = await KubeletFixture.start({ nodeLabels: { zone: 'a' } });
  const node = await fixture.node();
  assert.equal(node.metadata.labels?.['zone'], 'a');
  assert.equal(node.metadata.labels?.['kubernetes.io/hostname'], 'node-1');
  assert.deepEqual(node.status?.addresses?.at(-1), { type: 'Hostname', address: 'node-1' });
  assert.equal(node.status?.conditions?.find((one) => one.type === 'Ready')?.status, 'True');
  assert.equal(node.status?.nodeInfo?.kubeletVersion, 'v1.36.2');

  const lease = () => fixture.server.client.get(leases, { namespace: 'kube-node-lease', name: 'node-1' });
  const before = (await lease()).spec?.renewTime;
  await fixture.clock.advance(15_000);
  assert.notEqual((await lease()).spec?.renewTime, before);
  const { name, uid } = node.metadata;
  assert.deepEqual((await lease()).metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name, uid }]);
});

test('a runtime that is down makes the node not ready', async () => {
  await using fixture = await KubeletFixture.start();
  fixture.runtime.status = () => Promise.reject(new Error('connection refused'));
  await fixture.clock.advance(40_000);
  const ready = (await fixture.node()).status?.conditions?.find((one) => one.type === 'Ready');
  assert.equal(ready?.status, 'False');
  assert.match(ready.message ?? '', /container runtime is down: connection refused/);
});

test('a kubelet that starts again leaves healthy containers alone', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  await fixture.stopKubelet();
  const before = fixture.runtime.calls.length;
  await fixture.startKubelet();
  await fixture.clock.advance(120_000);

  assert.deepEqual(fixture.callsSince(before), []);
  const { status } = await fixture.pod('web');
  assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
  assert.equal(status?.phase, 'Running');
});

test('a container that ended while the kubelet was down runs again', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  await fixture.stopKubelet();
  fixture.runtime.exit('c', 1);
  await fixture.startKubelet();

  const [container] = (await fixture.pod('web')).status?.containerStatuses ?? [];
  assert.equal(container?.restartCount, 1);
  assert.equal(container.lastState?.terminated?.exitCode, 1);
});

test('a pod that has ended stays ended', async () => {
  await using fixture = await KubeletFixture.start();
  fixture.runtime.play({ containers: { c: { exitAfterMs: 1000 } } });
  await fixture.createPod('job', { restartPolicy: 'Never' });
  await fixture.clock.advance(5000);
  assert.equal((await fixture.pod('job')).status?.phase, 'Succeeded');
  await fixture.stopKubelet();
  const before = fixture.runtime.calls.length;
  await fixture.startKubelet();
  await fixture.clock.advance(60_000);
  assert.equal(fixture.callsSince(before).includes('CreateContainer'), false);
  assert.equal((await fixture.pod('job')).status?.phase, 'Succeeded');
});

test('a container whose spec changed while the kubelet was down is made anew', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  await fixture.stopKubelet();
  fixture.runtime.images.add('example.com/app:2');
  const body = { spec: { containers: [{ name: 'c', image: 'example.com/app:2' }] } };
  await fixture.server.client.patch(pods, { namespace: 'default', name: 'web' }, { type: 'strategic', body });
  await fixture.startKubelet();
  assert.equal((await fixture.pod('web')).status?.containerStatuses?.[0]?.image, 'example.com/app:2');
});

test('a pod that went from the API while the kubelet was down is stopped, and leaves nothing behind', async () => {
  await using fixture = await KubeletFixture.start();
  const { metadata } = await fixture.createPod('web');
  await fixture.clock.advance(3000);
  await fixture.stopKubelet();
  await fixture.server.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
  await fixture.startKubelet();
  await fixture.clock.advance(120_000);

  const none = await fixture.runtime.listContainers({}, {});
  assert.deepEqual(none.containers, []);
  assert.deepEqual((await fixture.runtime.listPodSandbox({}, {})).items, []);
  assert.equal(await fixture.host.files.stat(`/var/lib/kubelet/pods/${metadata.uid}`), undefined);
  assert.deepEqual(await fixture.host.files.readDirectory('/var/log/pods'), []);
});

test('a deleted pod goes from the API once its containers have stopped', async () => {
  await using fixture = await KubeletFixture.start();
  fixture.runtime.play({ containers: { c: { onStop: { afterMs: 4000, exitCode: 0 } } } });
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  await fixture.server.client.delete(pods, { namespace: 'default', name: 'web' });
  await fixture.clock.advance(3000);
  assert.notEqual((await fixture.pod('web')).metadata.deletionTimestamp, undefined);
  await fixture.clock.advance(3000);
  await assert.rejects(fixture.pod('web'), (error) => isNotFound(error));
});

test('what the server asks: the running container and the ready sandbox of a pod', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  const { api } = fixture.kubelet;
  const { signal } = new AbortController();
  const [container] = (await fixture.pod('web')).status?.containerStatuses ?? [];
  const id = await api.runningContainer({ namespace: 'default', name: 'web' }, 'c', signal);
  assert.equal(`fake://${id}`, container?.containerID);
  assert.notEqual(await api.readySandbox({ namespace: 'default', name: 'web' }, signal), undefined);
  assert.equal(await api.runningContainer({ namespace: 'default', name: 'web', uid: 'x' }, 'c', signal), undefined);
  assert.deepEqual(
    api.pods().map((pod) => [pod.metadata.name, pod.status?.phase]),
    [['web', 'Running']],
  );
});

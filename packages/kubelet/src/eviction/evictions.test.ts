import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, priorityClasses } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';

const conditionOf = async (fixture: KubeletFixture, type: string) =>
  (await fixture.node()).status?.conditions?.find((condition) => condition.type === type);
const conditionsOf = (pod: Pod): readonly (readonly (string | undefined)[])[] =>
  (pod.status?.conditions ?? []).map(({ type, status, reason }) => [type, status, reason]);

test('a node short of memory says so, evicts the pod that matters least, and takes no more', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('low');
  await fixture.server.client.create(priorityClasses, { metadata: { name: 'important' }, value: 100 });
  await fixture.createPod('high', { priorityClassName: 'important' });
  await fixture.clock.advance(3000);
  fixture.host.set({ availableMemoryBytes: 50 * 1024 ** 2 });
  for (let seconds = 0; seconds < 15 && (await fixture.pod('low')).status?.phase !== 'Failed'; seconds++) {
    await fixture.clock.advance(1000);
  }
  fixture.host.set({ availableMemoryBytes: 4 * 1024 ** 3 });
  await fixture.clock.advance(15_000);

  const condition = await conditionOf(fixture, 'MemoryPressure');
  assert.deepEqual([condition?.status, condition?.reason], ['True', 'KubeletHasInsufficientMemory']);
  const low = await fixture.pod('low');
  assert.deepEqual([low.status?.phase, low.status?.reason], ['Failed', 'Evicted']);
  assert.match(
    low.status?.message ?? '',
    /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: 50Mi\. /,
  );
  assert.deepEqual(
    conditionsOf(low).find(([type]) => type === 'DisruptionTarget'),
    ['DisruptionTarget', 'True', 'TerminationByKubelet'],
  );

  await fixture.createPod('late');
  await fixture.clock.advance(3000);
  const late = await fixture.pod('late');
  assert.deepEqual(
    [late.status?.reason, late.status?.message],
    ['Evicted', 'Pod was rejected: The node had condition: [MemoryPressure]. '],
  );
  const { items } = await fixture.server.client.list(events, { namespace: 'default' });
  assert.ok(
    items.some((event) => event.message === 'Attempting to reclaim memory'),
    'the node says what it is at',
  );

  await fixture.clock.advance(330_000);
  assert.equal((await conditionOf(fixture, 'MemoryPressure'))?.status, 'False');
  assert.equal((await fixture.pod('high')).status?.phase, 'Running');
});

test('a node short of disk removes images before pods', async () => {
  await using fixture = await KubeletFixture.start({ imageMinimumGCAgeMs: 0 });
  fixture.runtime.images.add('example.com/unused:1');
  await fixture.createPod('web');
  await fixture.clock.advance(3000);
  fixture.host.set({ disk: { availableBytes: 1e9 } });
  const { images } = fixture.runtime;
  const remove = images.removeImage;
  images.removeImage = (request, options) => {
    fixture.host.set({ disk: { availableBytes: 90e9 } });
    return remove(request, options);
  };
  await fixture.clock.advance(40_000);
  assert.equal((await fixture.pod('web')).status?.phase, 'Running');
  assert.equal(images.find('example.com/unused:1'), undefined);
  assert.notEqual(images.find('example.com/app:1'), undefined);
  assert.equal((await conditionOf(fixture, 'DiskPressure'))?.status, 'True');
});

test('a pod that fills an emptyDir beyond its limit is evicted', async () => {
  await using fixture = await KubeletFixture.start();
  await fixture.createPod('greedy', {
    volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Ki' } }],
    containers: [{ name: 'c', image: 'example.com/app:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
  });
  await fixture.clock.advance(3000);
  const { uid } = (await fixture.pod('greedy')).metadata;
  const path = `/var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~empty-dir/v/file`;
  await fixture.host.files.writeFile(path, new Uint8Array(2000), 0o644);
  await fixture.clock.advance(20_000);
  const { status } = await fixture.pod('greedy');
  assert.deepEqual(
    [status?.phase, status?.reason, status?.message],
    ['Failed', 'Evicted', 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". '],
  );
});

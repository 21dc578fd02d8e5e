import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';
import { aContainer, aContainerStatus, aPod } from '../testing/pods.ts';
import { appliedAmounts, grantedResources, isResizeInProgress, isResizePending } from './granted-resources.ts';

describe('what a status tells of a resize', () => {
  const container = aContainer('c', {
    resources: { requests: { cpu: '2', memory: '1Gi', 'example.com/gpu': '1' }, limits: { cpu: '4' } },
  });
  const pod = (status: Pod['status']): Pod => ({ ...aPod({ containers: [container] }), ...(status ? { status } : {}) });

  test('nothing, of a new pod', () => {
    assert.deepEqual(grantedResources(pod(undefined), container), container.resources);
    assert.equal(appliedAmounts(pod(undefined), container), undefined);
    assert.equal(isResizePending(pod(undefined)), false);
  });

  test('what was granted and what was applied', () => {
    const old = pod({
      conditions: [{ type: 'PodResizePending', status: 'True' }],
      containerStatuses: [
        aContainerStatus('c', {
          allocatedResources: { cpu: '1', memory: '512Mi' },
          resources: { requests: { cpu: '500m' }, limits: { cpu: '3' } },
        }),
      ],
    });
    assert.equal(isResizePending(old), true);
    assert.equal(isResizeInProgress(old), false);
    assert.deepEqual(grantedResources(old, container), {
      requests: { cpu: '1', memory: '512Mi', 'example.com/gpu': '1' },
      limits: { cpu: '3' },
    });
    assert.deepEqual(appliedAmounts(old, container), {
      cpuRequest: 500,
      cpuLimit: 3000,
      memoryRequest: 0,
      memoryLimit: 0,
    });
  });
});

describe('a kubelet that starts again', () => {
  const asking = (cpu: string) => ({ containers: [aContainer('c', { resources: { requests: { cpu } } })] });
  const resize = (fixture: KubeletFixture, name: string, cpu: string): Promise<unknown> =>
    fixture.server.client.patch(
      pods,
      { namespace: 'default', name },
      { type: 'strategic', body: { spec: asking(cpu) } },
      { subresource: 'resize' },
    );
  const pending = async (fixture: KubeletFixture): Promise<string | undefined> =>
    (await fixture.pod('small')).status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason;
  const granted = async (fixture: KubeletFixture): Promise<string | undefined> =>
    (await fixture.pod('small')).status?.containerStatuses?.[0]?.allocatedResources?.['cpu'];

  test('does not grant a resize that has no room, until it has', async () => {
    await using fixture = await KubeletFixture.start();
    // The one that is to grow comes first when the kubelet starts again.
    await fixture.createPod('small', asking('100m'));
    await fixture.createPod('zlarge', asking('1500m'));
    await fixture.clock.advance(3000);
    await resize(fixture, 'small', '1');
    await fixture.clock.advance(3000);
    assert.deepEqual([await pending(fixture), await granted(fixture)], ['Deferred', '100m']);

    await fixture.stopKubelet();
    await fixture.startKubelet();
    await fixture.clock.advance(5000);
    assert.deepEqual([await pending(fixture), await granted(fixture)], ['Deferred', '100m']);
    assert.equal((await fixture.pod('zlarge')).status?.phase, 'Running');
    const before = fixture.runtime.calls.length;

    await fixture.deletePod('zlarge');
    await fixture.clock.advance(60_000);
    assert.deepEqual([await pending(fixture), await granted(fixture)], [undefined, '1']);
    assert.ok(fixture.callsSince(before).includes('UpdateContainerResources'));
  });
});

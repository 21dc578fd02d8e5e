import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig } from '@kts/host-cri';
import { mountsImages } from '../core/runtime-info.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';

describe('image volumes', () => {
  for (const [name, version, expected] of [
    ['containerd', '1.6.20~ds1', false],
    ['containerd', 'v2.0.5', false],
    ['containerd', 'v2.1.0', true],
    ['containerd', '2.2.0-rc.0', true],
    ['cri-o', '1.31.0', true],
  ] as const) {
    it(`of ${name} ${version}: ${expected ? 'it mounts them' : 'the node must'}`, () =>
      assert.equal(mountsImages({ name, version }), expected));
  }

  it('are left to a runtime that knows them', async () => {
    await using fixture = await KubeletFixture.start();
    await startPod(fixture);
    assert.deepEqual([...fixture.host.mounts.points.values()], []);
    assert.equal(mountsOf(fixture)[0]?.image?.userSpecifiedImage, 'example.com/files:1');
  });

  it('are mounted for a runtime that does not, and go with the pod', async () => {
    await using fixture = await KubeletFixture.start();
    fixture.runtime.version = async () => OLD_CONTAINERD;
    await fixture.clock.advance(10_000);
    const path = await startPod(fixture);
    const { id } = fixture.runtime.images.find('example.com/files:1')!;
    assert.deepEqual(fixture.host.mounts.points.get(path), { type: 'image', image: id });
    assert.deepEqual(
      mountsOf(fixture).map(({ hostPath, image, readonly }) => ({ hostPath, image, readonly })),
      [{ hostPath: path, image: undefined, readonly: true }],
    );
    await fixture.deletePod('web');
    await fixture.clock.advance(60_000);
    assert.deepEqual([...fixture.host.mounts.points.keys()], []);
  });
});

const OLD_CONTAINERD = {
  version: '0.1.0',
  runtimeName: 'containerd',
  runtimeVersion: '1.7.24',
  runtimeApiVersion: 'v1',
};

/** Returns where the volume is if the node mounts it. */
async function startPod(fixture: KubeletFixture): Promise<string> {
  const { metadata } = await fixture.createPod('web', {
    containers: [{ name: 'c', image: 'example.com/app:1', volumeMounts: [{ name: 'files', mountPath: '/files' }] }],
    volumes: [{ name: 'files', image: { reference: 'example.com/files:1' } }],
  });
  await fixture.clock.advance(10_000);
  assert.equal((await fixture.pod('web')).status?.phase, 'Running');
  return `/var/lib/kubelet/pods/${metadata.uid}/volumes/kubernetes.io~image/files`;
}

function mountsOf(fixture: KubeletFixture) {
  const created = fixture.runtime.calls.findLast(({ method }) => method === 'CreateContainer');
  const { config } = created!.request as { config: ContainerConfig };
  return config.mounts!.filter(({ containerPath }) => containerPath === '/files');
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '@kts/api/types/core-v1';
import type { ContainerConfig } from '@kts/host-cri';
import { FakeDevicePlugin, type FakeDeviceOptions } from '../testing/fake-plugins.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';

const GPU = 'example.com/gpu';
const wanting = (amount: number, more: Partial<PodSpec> = {}): Partial<PodSpec> => ({
  containers: [
    {
      name: 'c',
      image: 'example.com/app:1',
      resources: { limits: { [GPU]: String(amount) }, requests: { [GPU]: String(amount) } },
    },
  ],
  ...more,
});

async function withPlugin(
  fixture: KubeletFixture,
  options: Partial<FakeDeviceOptions> = {},
): Promise<FakeDevicePlugin> {
  const plugin = new FakeDevicePlugin(fixture.plugins, { resourceName: GPU, devices: ['g1', 'g2'], ...options });
  await plugin.register();
  await fixture.clock.advance(500);
  return plugin;
}

const amounts = async (fixture: KubeletFixture): Promise<readonly (string | undefined)[]> => {
  const { status } = await fixture.node();
  return [status?.capacity?.[GPU], status?.allocatable?.[GPU]];
};

test('a node counts the devices of its plugins, at once', async () => {
  await using fixture = await KubeletFixture.start();
  const plugin = await withPlugin(fixture);
  assert.deepEqual(await amounts(fixture), ['2', '2']);
  plugin.set({ g1: true, g2: false, g3: false });
  await fixture.clock.advance(500);
  assert.deepEqual(await amounts(fixture), ['3', '1']);
  plugin.stop();
  await fixture.clock.advance(500);
  assert.deepEqual(await amounts(fixture), ['3', '0'], 'it may come back');
  await fixture.clock.advance(320_000);
  assert.deepEqual(await amounts(fixture), ['0', '0']);
  await plugin.register();
  await fixture.clock.advance(500);
  assert.deepEqual(await amounts(fixture), ['3', '1']);
});

test('a container gets its devices and what belongs to them', async () => {
  await using fixture = await KubeletFixture.start();
  const plugin = await withPlugin(fixture, {
    options: { preStartRequired: true, getPreferredAllocationAvailable: true },
    preferred: ['g2'],
  });
  await fixture.createPod('job', wanting(1));
  await fixture.clock.advance(3000);
  assert.equal((await fixture.pod('job')).status?.phase, 'Running');
  assert.deepEqual(
    plugin.calls.map(([name, about]) => (name === 'prefer' ? name : [name, about])),
    ['prefer', ['allocate', ['g2']], ['start', ['g2']]],
  );
  const { config } = fixture.runtime.calls.find(({ method }) => method === 'CreateContainer')!.request as {
    readonly config: ContainerConfig;
  };
  assert.deepEqual(config.devices, [{ containerPath: '/dev/g2', hostPath: '/dev/g2', permissions: 'rw' }]);
  assert.deepEqual(config.cDIDevices, [{ name: 'example.com/device=g2' }]);
  assert.equal(config.annotations?.['devices'], 'g2');
  const variable = config.envs?.find(({ key }) => key === 'DEVICES');
  assert.equal(new TextDecoder().decode(variable?.value), 'g2');
  const mount = config.mounts?.find(({ containerPath }) => containerPath === '/lib/driver');
  assert.deepEqual([mount?.hostPath, mount?.readonly], ['/opt/driver', true]);
});

test('a device belongs to one pod until that is gone, also over a restart of the kubelet', async () => {
  await using fixture = await KubeletFixture.start();
  await withPlugin(fixture);
  await fixture.createPod('both', wanting(2));
  await fixture.clock.advance(3000);
  await fixture.stopKubelet();
  await fixture.startKubelet();
  const again = await withPlugin(fixture);
  await fixture.createPod('late', wanting(1));
  await fixture.clock.advance(3000);
  const { status } = await fixture.pod('late');
  assert.deepEqual(
    [status?.phase, status?.reason, status?.message],
    [
      'Failed',
      'UnexpectedAdmissionError',
      `Pod was rejected: Allocate failed due to requested number of devices unavailable for ${GPU}. Requested: 1, Available: 0, which is unexpected`,
    ],
  );
  assert.deepEqual(again.calls, [], 'what was given before is not asked for again');
  await fixture.deletePod('both');
  await fixture.clock.advance(10_000);
  await fixture.createPod('next', wanting(1));
  await fixture.clock.advance(3000);
  assert.equal((await fixture.pod('next')).status?.phase, 'Running');
});

test('an init container leaves its devices to the others', async () => {
  await using fixture = await KubeletFixture.start();
  fixture.runtime.play({ containers: { i: { exitAfterMs: 100 } } });
  const plugin = await withPlugin(fixture);
  const { containers } = wanting(2);
  await fixture.createPod('job', { containers: containers!, initContainers: [{ ...containers![0]!, name: 'i' }] });
  await fixture.clock.advance(5000);
  assert.deepEqual(plugin.calls, [
    ['allocate', ['g1', 'g2']],
    ['allocate', ['g1', 'g2']],
  ]);
  assert.equal((await fixture.pod('job')).status?.phase, 'Running');
});

test('a plugin that cannot prepare a device fails the pod', async () => {
  await using fixture = await KubeletFixture.start();
  await withPlugin(fixture, { problem: 'out of order' });
  await fixture.createPod('job', wanting(1));
  await fixture.clock.advance(3000);
  assert.equal(
    (await fixture.pod('job')).status?.message,
    'Pod was rejected: Allocate failed due to rpc error: code = Unknown desc = out of order, which is unexpected',
  );
});

test('a plugin of another version, or of a resource that is no device, is turned away', async () => {
  await using fixture = await KubeletFixture.start();
  const old = new FakeDevicePlugin(fixture.plugins, { resourceName: GPU, devices: [] });
  await assert.rejects(old.register('v1alpha'), /requested API version "v1alpha" is not supported by kubelet/);
  const own = new FakeDevicePlugin(fixture.plugins, { resourceName: 'kubernetes.io/gpu', devices: [] });
  await assert.rejects(own.register(), /the ResourceName "kubernetes\.io\/gpu" is invalid/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, resourceClaims, resourceSlices } from '@kts/api';
import type { Pod, PodSpec } from '@kts/api/types/core-v1';
import type { ContainerConfig } from '@kts/host-cri';
import { FakeClaimDriver } from '../testing/fake-plugins.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';

const DRIVER = 'gpu.example.com';
const SECOND_MS = 1000;

const using = (...names: readonly string[]): Partial<PodSpec> => ({
  containers: [
    { name: 'c', image: 'example.com/app:1', resources: { claims: names.map((name) => ({ name: `own-${name}` })) } },
  ],
  resourceClaims: names.map((name) => ({ name: `own-${name}`, resourceClaimName: name })),
});

/** As a scheduler leaves it: the driver's device is allocated, for these pods. */
async function allocate(fixture: KubeletFixture, name: string, ...pods: readonly Pod[]): Promise<void> {
  const { client } = fixture.server;
  const key = { name, namespace: 'default' };
  const exactly = { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 } as const;
  const requests = [{ name: `for-${name}`, exactly }];
  const claim = await client
    .get(resourceClaims, key)
    .catch(() => client.create(resourceClaims, { metadata: key, spec: { devices: { requests } } }));
  const results = [{ request: `for-${name}`, driver: DRIVER, pool: 'pool', device: name }];
  const reservedFor = pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name, uid: metadata.uid }));
  await client.updateStatus(resourceClaims, {
    ...claim,
    status: { allocation: { devices: { results } }, reservedFor },
  });
}

async function withDriver(fixture: KubeletFixture): Promise<FakeClaimDriver> {
  const driver = new FakeClaimDriver(fixture.plugins, DRIVER);
  driver.register();
  await fixture.clock.advance(2 * SECOND_MS);
  return driver;
}

const phase = async (fixture: KubeletFixture, name: string): Promise<string | undefined> =>
  (await fixture.pod(name)).status?.phase;

async function problems(fixture: KubeletFixture): Promise<readonly (string | undefined)[]> {
  const { items } = await fixture.server.client.list(events, { namespace: 'default' });
  return items.filter(({ reason }) => reason === 'FailedPrepareDynamicResources').map(({ message }) => message);
}

test('a pod starts with the devices of its claims, and gives them back at its end', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(fixture);
  const pod = await fixture.createPod('job', using('a', 'b'));
  await allocate(fixture, 'a', pod);
  await allocate(fixture, 'b', pod);
  await fixture.clock.advance(30 * SECOND_MS);
  assert.equal(await phase(fixture, 'job'), 'Running');
  assert.deepEqual(driver.calls, ['prepare a b']);
  const { config } = fixture.runtime.calls.find(({ method }) => method === 'CreateContainer')!.request as {
    readonly config: ContainerConfig;
  };
  assert.deepEqual(config.cDIDevices, [{ name: `${DRIVER}/device=a` }, { name: `${DRIVER}/device=b` }]);

  await fixture.deletePod('job');
  await fixture.clock.advance(60 * SECOND_MS);
  assert.deepEqual(driver.calls, ['prepare a b', 'unprepare a b']);
});

test('a claim that pods share is prepared once, and given back by the last', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(fixture);
  const pods = await Promise.all(['one', 'two'].map((name) => fixture.createPod(name, using('shared'))));
  await allocate(fixture, 'shared', ...pods);
  await fixture.clock.advance(30 * SECOND_MS);
  await fixture.deletePod('one');
  await fixture.clock.advance(60 * SECOND_MS);
  assert.deepEqual(driver.calls, ['prepare shared']);
  await fixture.deletePod('two');
  await fixture.clock.advance(60 * SECOND_MS);
  assert.deepEqual(driver.calls, ['prepare shared', 'unprepare shared']);
});

test('a pod waits for what its claim lacks, and says what that is', async () => {
  await using fixture = await KubeletFixture.start();
  const pod = await fixture.createPod('job', using('a'));
  await fixture.clock.advance(5 * SECOND_MS);
  const prefix = 'Failed to prepare dynamic resources: prepare dynamic resources: ';
  assert.deepEqual(await problems(fixture), [
    `${prefix}fetch ResourceClaim a: resourceclaims.resource.k8s.io "a" not found`,
  ]);
  await allocate(fixture, 'a');
  await fixture.clock.advance(60 * SECOND_MS);
  const { uid } = (await fixture.server.client.get(resourceClaims, { namespace: 'default', name: 'a' })).metadata;
  await allocate(fixture, 'a', pod);
  await fixture.clock.advance(60 * SECOND_MS);
  const driver = new FakeClaimDriver(fixture.plugins, DRIVER);
  driver.problem = 'no power';
  driver.register();
  await fixture.clock.advance(60 * SECOND_MS);
  assert.deepEqual((await problems(fixture)).slice(1), [
    `${prefix}pod job (${pod.metadata.uid}) is not allowed to use ResourceClaim a (${uid})`,
    `${prefix}DRA driver ${DRIVER} is not registered`,
    `${prefix}NodePrepareResources failed for ResourceClaim a: no power`,
  ]);
  assert.equal(await phase(fixture, 'job'), 'Pending');
  driver.problem = '';
  await fixture.clock.advance(60 * SECOND_MS);
  assert.equal(await phase(fixture, 'job'), 'Running');
});

test('a kubelet that starts again knows what is prepared', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(fixture);
  const pod = await fixture.createPod('job', using('a'));
  await allocate(fixture, 'a', pod);
  await fixture.clock.advance(30 * SECOND_MS);
  await fixture.stopKubelet();
  await fixture.startKubelet();
  await fixture.clock.advance(5 * SECOND_MS);
  await fixture.deletePod('job');
  await fixture.clock.advance(60 * SECOND_MS);
  assert.deepEqual(driver.calls, ['prepare a', 'unprepare a']);
});

test('slices of a driver that stays away are deleted, and so are those from before the kubelet', async () => {
  await using fixture = await KubeletFixture.start();
  const { client } = fixture.server;
  const nodeName = (await fixture.node()).metadata.name;
  const publish = (): Promise<unknown> =>
    client.create(resourceSlices, {
      metadata: { name: 'slice' },
      spec: { driver: DRIVER, nodeName, pool: { name: 'pool', generation: 1, resourceSliceCount: 1 } },
    });
  const count = async (): Promise<number> => (await client.list(resourceSlices, {})).items.length;
  const driver = await withDriver(fixture);
  await publish();
  driver.unregister();
  await fixture.clock.advance(20 * SECOND_MS);
  driver.register();
  await fixture.clock.advance(20 * SECOND_MS);
  assert.equal(await count(), 1, 'it came back in time');
  driver.unregister();
  await fixture.clock.advance(40 * SECOND_MS);
  assert.equal(await count(), 0);
  await fixture.stopKubelet();
  await publish();
  await fixture.startKubelet();
  await fixture.clock.advance(5 * SECOND_MS);
  assert.equal(await count(), 0);
});

test('a driver that speaks no known version is told', async () => {
  await using fixture = await KubeletFixture.start();
  const answers = new FakeClaimDriver(fixture.plugins, DRIVER).register(['v1alpha3.Node']);
  await fixture.clock.advance(1500);
  assert.deepEqual(answers[0], {
    pluginRegistered: false,
    error: `invalid supported gRPC versions of DRA driver plugin ${DRIVER} at endpoint /var/lib/kubelet/plugins/${DRIVER}/dra.sock: none of services supported by the plugin (["v1alpha3.Node"]) are supported by the kubelet (["v1.DRAPlugin" "v1beta1.DRAPlugin"])`,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  csiDrivers,
  csiNodes,
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  volumeAttachments,
} from '@kts/api';
import type { CSIDriverSpec } from '@kts/api/types/storage-v1';
import { isNotFound } from '@kts/apimachinery';
import { GrpcError } from '@kts/grpc';
import { FakeCsiDriver, type FakeCsiOptions } from '../testing/fake-plugins.ts';
import { KubeletFixture } from '../testing/kubelet-fixture.ts';
import { attachmentName, uniqueVolumeName } from './csi-requests.ts';

const DRIVER = 'disk.example';
const SOCKET = '/var/lib/kubelet/plugins/disk.example/csi.sock';
const REGISTRATION = '/var/lib/kubelet/plugins_registry/disk.example-reg.sock';
const HANDLE = { driver: DRIVER, handle: 'handle-1' };

async function withDriver(
  fixture: KubeletFixture,
  spec: Partial<CSIDriverSpec>,
  options: FakeCsiOptions = {},
): Promise<FakeCsiDriver> {
  const driver = new FakeCsiDriver(fixture.host.files, options);
  await fixture.server.client.create(csiDrivers, { metadata: { name: DRIVER }, spec });
  fixture.plugins.served.set(SOCKET, driver.services);
  fixture.plugins.register(REGISTRATION, {
    type: 'CSIPlugin',
    name: DRIVER,
    endpoint: SOCKET,
    supportedVersions: ['1.0.0'],
  });
  await fixture.clock.advance(2000);
  return driver;
}

async function createClaim(fixture: KubeletFixture): Promise<void> {
  const { client } = fixture.server;
  const resources = { requests: { storage: '1Gi' } };
  const claim = await client.create(persistentVolumeClaims, {
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources, volumeName: 'pv-1' },
  });
  const { uid } = claim.metadata;
  await client.create(persistentVolumes, {
    metadata: { name: 'pv-1' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'default', name: 'data', uid },
      csi: { driver: DRIVER, volumeHandle: HANDLE.handle, fsType: 'ext4', volumeAttributes: { kind: 'fast' } },
    },
  });
  await client.updateStatus(persistentVolumeClaims, { ...claim, status: { phase: 'Bound' } });
}

const createPod = (fixture: KubeletFixture, name: string) =>
  fixture.createPod(name, {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    containers: [{ name: 'c', image: 'example.com/app:1', volumeMounts: [{ name: 'v', mountPath: '/data' }] }],
  });

const methodsOf = (driver: FakeCsiDriver): readonly string[] => driver.calls.map(([method]) => method);

test('a driver that registers is shown on its node, and no more when it has gone', async () => {
  await using fixture = await KubeletFixture.start();
  const { client } = fixture.server;
  await withDriver(fixture, {}, { nodeId: 'id-7', maxVolumesPerNode: 16, segments: { 'disk.example/rack': 'r1' } });
  const { spec, metadata } = await client.get(csiNodes, { name: 'node-1' });
  assert.deepEqual(spec.drivers, [
    { name: DRIVER, nodeID: 'id-7', topologyKeys: ['disk.example/rack'], allocatable: { count: 16 } },
  ]);
  const node = await fixture.node();
  assert.equal(metadata.ownerReferences?.[0]?.uid, node.metadata.uid);
  assert.equal(node.metadata.labels?.['disk.example/rack'], 'r1');
  assert.equal(node.metadata.annotations?.['csi.volume.kubernetes.io/nodeid'], `{"${DRIVER}":"id-7"}`);

  fixture.plugins.served.delete(REGISTRATION);
  await fixture.clock.advance(2000);
  const { drivers } = (await client.get(csiNodes, { name: 'node-1' })).spec;
  assert.equal((drivers as object[] | null)?.length ?? 0, 0);
  assert.equal((await fixture.node()).metadata.annotations?.['csi.volume.kubernetes.io/nodeid'], undefined);
});

test('a plugin that nobody can work with is told so', async () => {
  await using fixture = await KubeletFixture.start();
  const info = { name: 'old.example', endpoint: '/x', supportedVersions: ['0.3.0'] };
  const old = fixture.plugins.register('/var/lib/kubelet/plugins_registry/a.sock', { ...info, type: 'CSIPlugin' });
  const other = fixture.plugins.register('/var/lib/kubelet/plugins_registry/b.sock', { ...info, type: 'Toaster' });
  await fixture.clock.advance(1500);
  assert.match(
    JSON.stringify(old.answers[0]),
    /"pluginRegistered":false.*none of the CSI versions \[0\.3\.0\] is supported/,
  );
  assert.match(JSON.stringify(other.answers[0]), /no handler registered for plugin type: Toaster/);
});

test('a claim is staged and published for its pod, and taken away after it', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(
    fixture,
    { attachRequired: false, podInfoOnMount: true, fsGroupPolicy: 'File' },
    { capabilities: ['STAGE_UNSTAGE_VOLUME'] },
  );
  await createClaim(fixture);
  await createPod(fixture, 'db');
  await fixture.clock.advance(5000);
  const pod = await fixture.pod('db');
  assert.equal(pod.status?.phase, 'Running');
  assert.deepEqual(methodsOf(driver), ['stage', 'publish']);
  const publish = driver.calls[1]![1];
  const target = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/pv-1/mount`;
  assert.equal(publish['targetPath'], target);
  assert.deepEqual(publish['volumeCapability'], {
    mount: { fsType: 'ext4', mountFlags: [] },
    accessMode: { mode: 'SINGLE_NODE_WRITER' },
  });
  assert.deepEqual(publish['volumeContext'], {
    kind: 'fast',
    'csi.storage.k8s.io/pod.name': 'db',
    'csi.storage.k8s.io/pod.namespace': 'default',
    'csi.storage.k8s.io/pod.uid': pod.metadata.uid,
    'csi.storage.k8s.io/serviceAccount.name': 'default',
    'csi.storage.k8s.io/ephemeral': 'false',
  });
  const created = fixture.runtime.calls.find(({ method }) => method === 'CreateContainer')!.request as {
    readonly config: { readonly mounts: readonly { readonly containerPath: string; readonly hostPath: string }[] };
  };
  assert.equal(created.config.mounts.find(({ containerPath }) => containerPath === '/data')?.hostPath, target);

  await fixture.deletePod('db');
  await fixture.clock.advance(10_000);
  assert.deepEqual(methodsOf(driver), ['stage', 'publish', 'unpublish', 'unstage']);
  await assert.rejects(fixture.pod('db'), (error) => isNotFound(error));
});

test('a volume that two pods use is staged until both are gone, also over a restart of the kubelet', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(fixture, { attachRequired: false }, { capabilities: ['STAGE_UNSTAGE_VOLUME'] });
  await createClaim(fixture);
  await createPod(fixture, 'a');
  await createPod(fixture, 'b');
  await fixture.clock.advance(5000);
  await fixture.deletePod('a');
  await fixture.clock.advance(10_000);
  assert.equal(methodsOf(driver).includes('unstage'), false);
  await fixture.stopKubelet();
  await fixture.server.client.delete(pods, { namespace: 'default', name: 'b' }, { gracePeriodSeconds: 0 });
  await fixture.startKubelet();
  await fixture.clock.advance(60_000);
  assert.deepEqual(methodsOf(driver).slice(-2), ['unpublish', 'unstage']);
});

test('a driver that attaches is waited for, and the node says what must stay attached', async () => {
  await using fixture = await KubeletFixture.start();
  const { client } = fixture.server;
  const driver = await withDriver(fixture, { attachRequired: true });
  await createClaim(fixture);
  await createPod(fixture, 'db');
  await fixture.clock.advance(12_000);
  assert.equal((await fixture.pod('db')).status?.phase, 'Pending');
  assert.deepEqual(driver.calls, []);
  const unique = uniqueVolumeName(HANDLE);
  assert.deepEqual((await fixture.node()).status?.volumesInUse, [unique]);

  const attachment = await client.create(volumeAttachments, {
    metadata: { name: attachmentName(HANDLE, 'node-1') },
    spec: { attacher: DRIVER, nodeName: 'node-1', source: { persistentVolumeName: 'pv-1' } },
  });
  const status = { attached: true, attachmentMetadata: { device: '/dev/x' } };
  await client.updateStatus(volumeAttachments, { ...attachment, status });
  const body = { status: { volumesAttached: [{ name: unique, devicePath: '' }] } };
  await client.patchStatus(nodes, { name: 'node-1' }, { type: 'strategic', body });
  await fixture.clock.advance(40_000);
  assert.equal((await fixture.pod('db')).status?.phase, 'Running');
  assert.deepEqual(driver.calls[0]?.[1]['publishContext'], { device: '/dev/x' });
  assert.equal((await fixture.node()).status?.volumesAttached?.[0]?.name, unique, 'the kubelet leaves it alone');

  await fixture.stopKubelet();
  await fixture.startKubelet();
  assert.deepEqual((await fixture.node()).status?.volumesInUse, [unique]);
  await fixture.deletePod('db');
  await fixture.clock.advance(30_000);
  assert.deepEqual((await fixture.node()).status?.volumesInUse ?? [], []);
});

test('an inline volume lives with its pod and may have a secret', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(
    fixture,
    { volumeLifecycleModes: ['Ephemeral'] },
    { capabilities: ['STAGE_UNSTAGE_VOLUME'] },
  );
  await fixture.server.client.create(secrets, {
    metadata: { name: 'key', namespace: 'default' },
    data: { word: btoa('hidden') },
  });
  await fixture.createPod('scratch', {
    volumes: [{ name: 'v', csi: { driver: DRIVER, readOnly: true, nodePublishSecretRef: { name: 'key' } } }],
    containers: [{ name: 'c', image: 'example.com/app:1', volumeMounts: [{ name: 'v', mountPath: '/data' }] }],
  });
  await fixture.clock.advance(5000);
  assert.deepEqual(methodsOf(driver), ['publish'], 'what lives with its pod is not staged');
  assert.deepEqual(driver.calls[0]![1]['secrets'], { word: 'hidden' });
  assert.equal(driver.calls[0]![1]['readonly'], true);
});

test('a failure of the driver is an event, and tried again', async () => {
  await using fixture = await KubeletFixture.start();
  const driver = await withDriver(fixture, { attachRequired: false });
  driver.problem = new GrpcError('Internal', 'the disk is on fire');
  await createClaim(fixture);
  await createPod(fixture, 'db');
  await fixture.clock.advance(5000);
  const { items } = await fixture.server.client.list(events, { namespace: 'default' });
  const failed = items.find(({ reason }) => reason === 'FailedMount');
  assert.equal(
    failed?.message,
    'MountVolume.SetUp failed for volume "v" : rpc error: code = Internal desc = the disk is on fire',
  );
  assert.equal((await fixture.pod('db')).status?.phase, 'Running');
});

test('a driver that is not there is an event', async () => {
  await using fixture = await KubeletFixture.start();
  await createClaim(fixture);
  await createPod(fixture, 'db');
  await fixture.clock.advance(5000);
  const { items } = await fixture.server.client.list(events, { namespace: 'default' });
  assert.match(
    items.find(({ reason }) => reason === 'FailedMount')?.message ?? '',
    /driver name disk\.example not found in the list of registered CSI drivers$/,
  );
});

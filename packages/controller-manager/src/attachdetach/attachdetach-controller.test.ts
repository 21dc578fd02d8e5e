import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, nodes, persistentVolumeClaims, persistentVolumes, pods, volumeAttachments } from '@kts/api';
import { isNotFound } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { attachmentName } from './attachable-volumes.ts';

const NAMESPACE = 'default';
const NODE = { name: 'one' };
const UNIQUE_NAME = 'kubernetes.io/csi/csi.test^h';
const ATTACHMENT = { name: attachmentName('csi.test', 'h', 'one') };

/** A pod on a node with a volume that must be attached there. */
async function start(): Promise<ControllerHarness> {
  const cluster = await startControllers([
    'persistentvolume-attach-detach-controller',
    'persistentvolume-binder-controller',
  ]);
  const { client } = cluster;
  const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
  await client.create(nodes, { metadata: { ...NODE, annotations }, spec: {} });
  const common = { accessModes: ['ReadWriteOnce'], storageClassName: 'slow' } as const;
  await client.create(persistentVolumes, {
    metadata: { name: 'v' },
    spec: { ...common, capacity: { storage: '1Gi' }, csi: { driver: 'csi.test', volumeHandle: 'h' } },
  });
  // Only available volumes are given to claims.
  await cluster.settle();
  await client.create(persistentVolumeClaims, {
    metadata: { namespace: NAMESPACE, name: 'c' },
    spec: { ...common, resources: { requests: { storage: '1Gi' } } },
  });
  await cluster.settle();
  await client.create(pods, {
    metadata: { namespace: NAMESPACE, name: 'web' },
    spec: {
      nodeName: 'one',
      containers: [{ name: 'main', image: 'web:1' }],
      volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }],
    },
  });
  await cluster.settle();
  return cluster;
}

const answer = async (cluster: ControllerHarness, status: object): Promise<void> => {
  await cluster.client.patchStatus(volumeAttachments, ATTACHMENT, { type: 'merge', body: { status } });
  await cluster.settle();
};

const attachedTo = async ({ client }: ControllerHarness): Promise<readonly string[]> =>
  ((await client.get(nodes, NODE)).status?.volumesAttached ?? []).map(({ name }) => name);

const told = async ({ client }: ControllerHarness): Promise<readonly (string | undefined)[]> =>
  (await client.list(events, { namespace: NAMESPACE })).items.map(({ reason, message }) => `${reason}: ${message}`);

const deletePod = async (cluster: ControllerHarness): Promise<void> => {
  await cluster.client.delete(pods, { namespace: NAMESPACE, name: 'web' }, { gracePeriodSeconds: 0 });
  await cluster.settle();
};

describe('the attach and detach controller', () => {
  it('asks for what a pod needs, and says on the node that it is there', async () => {
    await using cluster = await start();
    assert.deepEqual((await cluster.client.get(volumeAttachments, ATTACHMENT)).spec.source, {
      persistentVolumeName: 'v',
    });
    assert.deepEqual(await attachedTo(cluster), []);
    await answer(cluster, { attached: true });
    assert.deepEqual(await attachedTo(cluster), [UNIQUE_NAME]);
    assert.deepEqual(await told(cluster), ['SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" ']);
    await deletePod(cluster);
    assert.deepEqual(await attachedTo(cluster), []);
    await assert.rejects(cluster.client.get(volumeAttachments, ATTACHMENT), isNotFound);
  });

  it('waits until the node has let the volume go', async () => {
    await using cluster = await start();
    await answer(cluster, { attached: true });
    const inUse = async (volumesInUse: readonly string[] | null): Promise<void> => {
      await cluster.client.patchStatus(nodes, NODE, { type: 'merge', body: { status: { volumesInUse } } });
      await cluster.settle();
    };
    await inUse([UNIQUE_NAME]);
    await deletePod(cluster);
    await cluster.client.get(volumeAttachments, ATTACHMENT);
    await inUse(null);
    await assert.rejects(cluster.client.get(volumeAttachments, ATTACHMENT), isNotFound);
  });

  it('says that attaching failed, and tries again', async () => {
    await using cluster = await start();
    await answer(cluster, { attached: false, attachError: { message: 'no room' } });
    assert.deepEqual(await told(cluster), ['FailedAttachVolume: AttachVolume.Attach failed for volume "v" : no room']);
    await answer(cluster, { attached: true, attachError: null });
    await cluster.clock.advance(10_000);
    await cluster.settle();
    assert.deepEqual(await attachedTo(cluster), [UNIQUE_NAME]);
  });

  it('gives a volume that only one node may have to another when the first is done with it', async () => {
    await using cluster = await start();
    const { client } = cluster;
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    await client.create(nodes, { metadata: { name: 'two', annotations }, spec: {} });
    await client.create(pods, {
      metadata: { namespace: NAMESPACE, name: 'late' },
      spec: {
        nodeName: 'two',
        containers: [{ name: 'main', image: 'web:1' }],
        volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }],
      },
    });
    await cluster.settle();
    const second = { name: attachmentName('csi.test', 'h', 'two') };
    assert.deepEqual(await told(cluster), []);
    await answer(cluster, { attached: true });
    assert.deepEqual(
      new Set(await told(cluster)),
      new Set([
        'FailedAttachVolume: Multi-Attach error for volume "v" Volume is already used by pod(s) web',
        'SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "v" ',
      ]),
    );
    await assert.rejects(client.get(volumeAttachments, second), isNotFound);
    await deletePod(cluster);
    await assert.rejects(client.get(volumeAttachments, ATTACHMENT), isNotFound);
    await client.get(volumeAttachments, second);
  });

  it('leaves attachments alone that it has not asked for', async () => {
    await using cluster = await start();
    const source = { persistentVolumeName: 'v' };
    await cluster.client.create(volumeAttachments, {
      metadata: { name: 'foreign' },
      spec: { attacher: 'x', nodeName: 'two', source },
    });
    await cluster.settle();
    await cluster.client.get(volumeAttachments, { name: 'foreign' });
  });
});

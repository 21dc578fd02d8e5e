import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PersistentVolume } from '@kts/api/types/core-v1';
import type { CSIDriver } from '@kts/api/types/storage-v1';
import { aPod } from '../testing/pods.ts';
import {
  attachmentName,
  changesOwnership,
  csiAccessMode,
  inlineCsiVolume,
  persistentCsiVolume,
  podInfo,
  stagingDirectory,
  uniqueVolumeName,
  type CsiVolume,
} from './csi-requests.ts';

const volume: CsiVolume = {
  name: 'pv-1',
  driver: 'd.example',
  handle: 'h',
  lifecycle: 'Persistent',
  fsType: 'ext4',
  mountOptions: [],
  accessModes: ['ReadWriteOnce'],
  attributes: {},
  readOnly: false,
};
const driver = (spec: Partial<CSIDriver['spec']>): CSIDriver => ({ metadata: aPod().metadata, spec });

describe('a volume of a CSI driver', () => {
  const modes: readonly (readonly [readonly string[], boolean, string])[] = [
    [['ReadWriteOnce'], false, 'SINGLE_NODE_WRITER'],
    [['ReadWriteOnce'], true, 'SINGLE_NODE_MULTI_WRITER'],
    [['ReadWriteOncePod'], false, 'SINGLE_NODE_WRITER'],
    [['ReadWriteOncePod'], true, 'SINGLE_NODE_SINGLE_WRITER'],
    [['ReadOnlyMany'], true, 'MULTI_NODE_READER_ONLY'],
    [['ReadWriteMany', 'ReadWriteOnce'], true, 'MULTI_NODE_MULTI_WRITER'],
    [[], false, 'UNKNOWN'],
  ];
  for (const [given, knows, expected] of modes) {
    test(`access ${given.join()}${knows ? ' with more modes' : ''}: ${expected}`, () =>
      assert.equal(csiAccessMode(given, knows), expected));
  }

  test('of a PersistentVolume', () => {
    const found = {
      metadata: { ...aPod().metadata, name: 'pv-1' },
      spec: {
        accessModes: ['ReadWriteMany'],
        mountOptions: ['noatime'],
        csi: {
          driver: 'd.example',
          volumeHandle: 'h',
          fsType: 'xfs',
          volumeAttributes: { a: 'b' },
          nodePublishSecretRef: { name: 's', namespace: 'n' },
        },
      },
    } as PersistentVolume;
    assert.deepEqual(persistentCsiVolume(found, true), {
      ...volume,
      fsType: 'xfs',
      mountOptions: ['noatime'],
      accessModes: ['ReadWriteMany'],
      attributes: { a: 'b' },
      readOnly: true,
      publishSecret: { namespace: 'n', name: 's' },
    });
  });

  test('of a pod alone has a handle of its own', () => {
    const inline = inlineCsiVolume(aPod(), { name: 'v', csi: { driver: 'd.example' } });
    assert.equal(inline.lifecycle, 'Ephemeral');
    assert.match(inline.handle, /^csi-[0-9a-f]{64}$/);
    const other = inlineCsiVolume(aPod({}, { uid: 'uid-2' }), { name: 'v', csi: { driver: 'd.example' } });
    assert.notEqual(other.handle, inline.handle);
  });

  const owners: readonly (readonly [string, Partial<CsiVolume>, CSIDriver | undefined, boolean])[] = [
    ['with a file system, for one node', {}, undefined, true],
    ['without a file system', { fsType: '' }, undefined, false],
    ['for many nodes', { accessModes: ['ReadWriteMany'] }, undefined, false],
    [
      'for many nodes, where the driver says so',
      { accessModes: ['ReadWriteMany'] },
      driver({ fsGroupPolicy: 'File' }),
      true,
    ],
    ['where the driver says no', {}, driver({ fsGroupPolicy: 'None' }), false],
    ['read-only', { readOnly: true }, driver({ fsGroupPolicy: 'File' }), false],
  ];
  for (const [name, change, facts, expected] of owners) {
    test(`${name}: is ${expected ? '' : 'not '}given to the group`, () =>
      assert.equal(changesOwnership({ ...volume, ...change }, facts), expected));
  }

  test('tells its driver of the pod only if it asks', () => {
    assert.deepEqual(podInfo(aPod(), volume, undefined), {});
    assert.deepEqual(podInfo(aPod({ serviceAccountName: 'sa' }), volume, driver({ podInfoOnMount: true })), {
      'csi.storage.k8s.io/pod.name': 'p',
      'csi.storage.k8s.io/pod.namespace': 'default',
      'csi.storage.k8s.io/pod.uid': 'uid-1',
      'csi.storage.k8s.io/serviceAccount.name': 'sa',
      'csi.storage.k8s.io/ephemeral': 'false',
    });
  });

  test('has names that others rely on', () => {
    assert.equal(uniqueVolumeName(volume), 'kubernetes.io/csi/d.example^h');
    assert.match(attachmentName(volume, 'n'), /^csi-[0-9a-f]{64}$/);
    assert.notEqual(attachmentName(volume, 'n'), attachmentName(volume, 'm'));
    assert.match(
      stagingDirectory('/var/lib/kubelet', volume),
      /^\/var\/lib\/kubelet\/plugins\/kubernetes\.io\/csi\/d\.example\/[0-9a-f]{64}$/,
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import type { CSINode, VolumeAttachment } from '@kts/api/types/storage-v1';
import { cluster, hinted, node, pod, verdicts, type PodOptions } from '../testing/index.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';

const DRIVER = 'csi.example.com';
const TOO_MANY = 'node(s) exceed max volume count';
const metadata = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

/** A volume of the driver and the claim that is bound to it, of the same name. */
const volume = (name: string, driver = DRIVER): PersistentVolume => ({
  metadata: metadata(name),
  spec: { csi: { driver, volumeHandle: name } },
});
const claimOf = (volumeName: string): PersistentVolumeClaim => ({
  metadata: { ...metadata(volumeName), namespace: 'default' },
  spec: { volumeName },
});
const waiting = (name: string): PersistentVolumeClaim => ({
  metadata: { ...metadata(name), namespace: 'default' },
  spec: { storageClassName: 'fast' },
});
const csiNode = (count: number | undefined, driver = DRIVER): CSINode => ({
  metadata: metadata('n'),
  spec: { drivers: [{ name: driver, nodeID: 'n', ...(count !== undefined && { allocatable: { count } }) }] },
});
const attachment = (volumeName: string, nodeName = 'n'): VolumeAttachment => ({
  metadata: metadata(`a-${volumeName}`),
  spec: { attacher: DRIVER, nodeName, source: { persistentVolumeName: volumeName } },
});
const uses = (...names: readonly string[]): PodOptions => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
});

const NAMES = ['v1', 'v2', 'v3'];

describe('NodeVolumeLimits', () => {
  const rows: readonly (readonly [
    name: string,
    limit: CSINode | undefined,
    running: readonly PodOptions[],
    attached: readonly VolumeAttachment[],
    wanted: PodOptions,
    verdict: string,
  ])[] = [
    ['no volumes', csiNode(0), [], [], {}, 'fits'],
    ['no limit', csiNode(undefined), [uses('v1')], [], uses('v2'), 'fits'],
    ['a node that is not known', undefined, [uses('v1')], [], uses('v2'), 'fits'],
    ['the limit of another driver', csiNode(1, 'other'), [uses('v1')], [], uses('v2'), 'fits'],
    ['up to the limit', csiNode(2), [uses('v1')], [], uses('v2'), 'fits'],
    ['beyond the limit', csiNode(1), [uses('v1')], [], uses('v2'), TOO_MANY],
    ['two at once', csiNode(1), [], [], uses('v1', 'v2'), TOO_MANY],
    ['a volume that the node has', csiNode(1), [uses('v1')], [], uses('v1'), 'fits'],
    ['a volume that is still attached', csiNode(1), [], [attachment('v1')], uses('v2'), TOO_MANY],
    ['a volume that is attached elsewhere', csiNode(1), [], [attachment('v1', 'm')], uses('v2'), 'fits'],
    ['attached for a pod that runs', csiNode(2), [uses('v1')], [attachment('v1')], uses('v2'), 'fits'],
    ['a volume that will be made', csiNode(1), [uses('v1')], [], uses('new'), TOO_MANY],
    [
      'no claim',
      csiNode(1),
      [],
      [],
      uses('missing'),
      'looking up PVC default/missing: persistentvolumeclaim "missing" not found',
    ],
  ];
  for (const [name, limit, running, volumeAttachments, wanted, verdict] of rows) {
    it(name, () => {
      const snapshot = cluster({
        nodes: [node('n')],
        pods: running.map((options, index) => pod(`old${index}`, { ...options, nodeName: 'n' })),
        objects: {
          persistentVolumes: NAMES.map((one) => volume(one)),
          persistentVolumeClaims: [...NAMES.map(claimOf), waiting('new')],
          storageClasses: [{ metadata: metadata('fast'), provisioner: DRIVER }],
          csiNodes: limit === undefined ? [] : [limit],
          volumeAttachments,
        },
      });
      assert.deepEqual(verdicts(nodeVolumeLimits, pod('p', wanted), snapshot), { n: verdict });
    });
  }

  it('tries again when a node can take more, or has less', () => {
    const refused = pod('p', uses('v1'));
    const hint = (event: Parameters<typeof hinted>[1], before?: unknown, after?: unknown) =>
      hinted(nodeVolumeLimits, event, refused, { before, after });
    assert.equal(hint('CSINode/Add', undefined, csiNode(1)), true);
    assert.equal(hint('CSINode/Update', csiNode(1), csiNode(2)), true);
    assert.equal(hint('CSINode/Update', csiNode(2), csiNode(1)), false);
    assert.equal(hint('Pod/Delete', pod('q', { ...uses('v2'), nodeName: 'n' })), true);
    assert.equal(hint('Pod/Delete', pod('q', uses('v2'))), false);
    assert.equal(hint('Pod/Delete', pod('q', { nodeName: 'n' })), false);
    assert.equal(hint('PersistentVolumeClaim/Add', undefined, claimOf('v1')), true);
    assert.equal(hint('PersistentVolumeClaim/Add', undefined, claimOf('v2')), false);
    assert.equal(hint('VolumeAttachment/Delete', attachment('v3')), true);
  });
});

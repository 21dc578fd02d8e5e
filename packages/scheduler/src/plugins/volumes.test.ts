import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, Volume } from '@kts/api/types/core-v1';
import type { CSINode, StorageClass } from '@kts/api/types/storage-v1';
import type { Plugin } from '../framework/plugin.ts';
import { cluster, node, pod, verdicts, type ObjectsByLister } from '../testing/index.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

const ZONE = 'topology.kubernetes.io/zone';

const meta = (name: string, extra: object = {}) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...extra,
});

interface ClaimOptions {
  readonly className?: string;
  /** The volume it is bound to. */
  readonly volume?: string;
  readonly mode?: 'ReadWriteOnce' | 'ReadWriteOncePod';
  readonly size?: string;
}

function claim({
  className = 'waits',
  volume,
  mode = 'ReadWriteOnce',
  size = '1Gi',
}: ClaimOptions = {}): PersistentVolumeClaim {
  const annotations = volume ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {};
  return {
    metadata: { ...meta('c', { annotations }), namespace: 'default' },
    spec: {
      accessModes: [mode],
      storageClassName: className,
      resources: { requests: { storage: size } },
      ...(volume && { volumeName: volume }),
    },
  };
}

/** A volume that only the nodes of one zone reach. */
function volume(
  name: string,
  zone: string,
  options: { readonly size?: string; readonly labels?: object } = {},
): PersistentVolume {
  const matchExpressions = [{ key: ZONE, operator: 'In' as const, values: [zone] }];
  return {
    metadata: meta(name, { labels: options.labels }),
    spec: {
      capacity: { storage: options.size ?? '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'waits',
      csi: { driver: 'csi.example.com', volumeHandle: name },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
    status: { phase: 'Available' },
  };
}

const storageClass = (
  name: string,
  provisioner: string,
  volumeBindingMode: StorageClass['volumeBindingMode'],
): StorageClass => ({ metadata: meta(name), provisioner, volumeBindingMode }) as StorageClass;

const storageClasses = [
  storageClass('waits', 'kubernetes.io/no-provisioner', 'WaitForFirstConsumer'),
  storageClass('dynamic', 'csi.example.com', 'WaitForFirstConsumer'),
  storageClass('immediate', 'csi.example.com', 'Immediate'),
];

const csiNode = (name: string, count: number): CSINode => ({
  metadata: meta(name),
  spec: { drivers: [{ name: 'csi.example.com', nodeID: name, allocatable: { count } }] },
});

const nodes = [node('a', { labels: { [ZONE]: 'a' } }), node('b', { labels: { [ZONE]: 'b' } })];
const uses: readonly Volume[] = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
const wanted = pod('p', { volumes: uses });
const all = (verdict: string) => ({ a: verdict, b: verdict });

const NODE_AFFINITY = "node(s) didn't match PersistentVolume's node affinity";
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
const NO_ZONE = 'node(s) had no available volume zone';

type Case = readonly [name: string, plugin: Plugin, objects: ObjectsByLister, expected: ReturnType<typeof verdicts>];

const claims = (options?: ClaimOptions): ObjectsByLister => ({
  storageClasses,
  persistentVolumeClaims: [claim(options)],
});
const zoneLabels = { labels: { [ZONE]: 'a__x' } };

const cases: readonly Case[] = [
  ['no claim', volumeBinding(), {}, 'persistentvolumeclaim "c" not found'],
  [
    'not bound, and should be',
    volumeBinding(),
    claims({ className: 'immediate' }),
    'pod has unbound immediate PersistentVolumeClaims',
  ],
  [
    'bound to a volume of a zone',
    volumeBinding(),
    { ...claims({ volume: 'v' }), persistentVolumes: [volume('v', 'a')] },
    { a: 'fits', b: NODE_AFFINITY },
  ],
  [
    'bound to nothing',
    volumeBinding(),
    claims({ volume: 'v' }),
    all('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'),
  ],
  [
    'a volume waits in a zone',
    volumeBinding(),
    { ...claims(), persistentVolumes: [volume('v', 'a')] },
    { a: 'fits', b: NO_VOLUME },
  ],
  [
    'the volume is too small',
    volumeBinding(),
    { ...claims({ size: '2Gi' }), persistentVolumes: [volume('v', 'a')] },
    all(NO_VOLUME),
  ],
  ['a provisioner will make one', volumeBinding(), claims({ className: 'dynamic' }), all('fits')],
  [
    'a zone label',
    volumeZone,
    { ...claims({ volume: 'v' }), persistentVolumes: [volume('v', 'a', zoneLabels)] },
    { a: 'fits', b: NO_ZONE },
  ],
  [
    'below the limit',
    nodeVolumeLimits,
    { ...claims({ volume: 'v' }), persistentVolumes: [volume('v', 'a')], csiNodes: [csiNode('a', 1)] },
    all('fits'),
  ],
  [
    'above the limit',
    nodeVolumeLimits,
    { ...claims({ volume: 'v' }), persistentVolumes: [volume('v', 'a')], csiNodes: [csiNode('a', 0)] },
    { a: 'node(s) exceed max volume count', b: 'fits' },
  ],
];

describe('volume plugins', () => {
  for (const [name, plugin, objects, expected] of cases) {
    it(`${plugin.name}: ${name}`, () => {
      assert.deepEqual(verdicts(plugin, wanted, cluster({ nodes, objects })), expected);
    });
  }
});

describe('VolumeRestrictions', () => {
  const disk = (readOnly: boolean): readonly Volume[] => [
    { name: 'd', gcePersistentDisk: { pdName: 'disk', readOnly } },
  ];
  const DISK = 'node(s) had no available disk';

  it('attaches a disk once, except read-only', () => {
    const snapshot = (readOnly: boolean) =>
      cluster({ nodes, pods: [pod('e', { nodeName: 'a', volumes: disk(readOnly) })] });
    const verdict = (mine: boolean, other: boolean) =>
      verdicts(volumeRestrictions(), pod('p', { volumes: disk(mine) }), snapshot(other));
    assert.deepEqual(verdict(false, false), { a: DISK, b: 'fits' });
    assert.deepEqual(verdict(true, false), { a: DISK, b: 'fits' });
    assert.deepEqual(verdict(true, true), all('fits'));
  });

  it('gives a ReadWriteOncePod claim to one pod in the whole cluster', () => {
    const objects = claims({ mode: 'ReadWriteOncePod' });
    const used = cluster({ nodes, objects, pods: [pod('e', { nodeName: 'a', volumes: uses })] });
    const IN_USE =
      'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
    assert.deepEqual(verdicts(volumeRestrictions(), wanted, used), all(IN_USE));
    assert.deepEqual(verdicts(volumeRestrictions(), wanted, cluster({ nodes, objects })), all('fits'));
  });
});

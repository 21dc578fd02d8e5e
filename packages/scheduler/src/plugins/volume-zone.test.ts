import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '@kts/api/types/core-v1';
import { cluster, hinted, node, pod, verdicts, type ObjectsByLister } from '../testing/index.ts';
import { volumeZone } from './volume-zone.ts';

const ZONE = 'topology.kubernetes.io/zone';
const REGION = 'topology.kubernetes.io/region';
const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone';
const CONFLICT = 'node(s) had no available volume zone';
const metadata = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const volume = (labels: Readonly<Record<string, string>>): PersistentVolume => ({
  metadata: { ...metadata('v'), labels },
  spec: {},
});
const claim = (spec: PersistentVolumeClaim['spec']): PersistentVolumeClaim => ({
  metadata: { ...metadata('c'), namespace: 'default' },
  spec: spec!,
});
const bound = claim({ volumeName: 'v' });
const storageClass = (volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer') => ({
  metadata: metadata('s'),
  provisioner: 'x',
  ...(volumeBindingMode && { volumeBindingMode }),
});
const wanted = pod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] });
const nodes = [
  node('a', { labels: { [ZONE]: 'a', [REGION]: 'r' } }),
  node('old', { labels: { [OLD_ZONE]: 'a' } }),
  node('b', { labels: { [ZONE]: 'b', [REGION]: 'r' } }),
  node('none'),
];

describe('VolumeZone', () => {
  const with_ = (labels: Readonly<Record<string, string>>): ObjectsByLister => ({
    persistentVolumeClaims: [bound],
    persistentVolumes: [volume(labels)],
  });
  const rows: readonly (readonly [
    name: string,
    objects: ObjectsByLister,
    expected: Readonly<Record<string, string>> | string,
  ])[] = [
    ['a volume without a zone', with_({}), { a: 'fits', old: 'fits', b: 'fits', none: 'fits' }],
    ['a zone', with_({ [ZONE]: 'a' }), { a: 'fits', old: CONFLICT, b: CONFLICT, none: 'fits' }],
    ['several zones', with_({ [ZONE]: 'a__b' }), { a: 'fits', old: CONFLICT, b: 'fits', none: 'fits' }],
    ['the old name of the label', with_({ [OLD_ZONE]: 'a' }), { a: 'fits', old: 'fits', b: CONFLICT, none: 'fits' }],
    ['a region', with_({ [REGION]: 'r' }), { a: 'fits', old: CONFLICT, b: 'fits', none: 'fits' }],
    ['no claim', {}, 'persistentvolumeclaim "c" not found'],
    ['no volume', { persistentVolumeClaims: [bound] }, 'persistentvolume "v" not found'],
    [
      'a claim of nothing',
      { persistentVolumeClaims: [claim({})] },
      'PersistentVolumeClaim had no pv name and storageClass name',
    ],
    [
      'no class',
      { persistentVolumeClaims: [claim({ storageClassName: 's' })] },
      'storageclass.storage.k8s.io "s" not found',
    ],
    [
      'a class without a mode',
      { persistentVolumeClaims: [claim({ storageClassName: 's' })], storageClasses: [storageClass()] },
      'VolumeBindingMode not set for StorageClass "s"',
    ],
    [
      'a claim that should have a volume',
      { persistentVolumeClaims: [claim({ storageClassName: 's' })], storageClasses: [storageClass('Immediate')] },
      'PersistentVolume had no name',
    ],
    [
      'a claim that waits for the pod',
      {
        persistentVolumeClaims: [claim({ storageClassName: 's' })],
        storageClasses: [storageClass('WaitForFirstConsumer')],
      },
      { a: 'fits', old: 'fits', b: 'fits', none: 'fits' },
    ],
  ];
  for (const [name, objects, expected] of rows) {
    it(name, () => assert.deepEqual(verdicts(volumeZone, wanted, cluster({ nodes, objects })), expected));
  }

  it('tries again when something about its volumes changes', () => {
    const hint = (event: Parameters<typeof hinted>[1], before?: unknown, after?: unknown) =>
      hinted(volumeZone, event, wanted, { before, after });
    assert.equal(hint('StorageClass/Add', undefined, storageClass('WaitForFirstConsumer')), true);
    assert.equal(hint('StorageClass/Add', undefined, storageClass('Immediate')), false);
    assert.equal(hint('PersistentVolumeClaim/Add', undefined, bound), true);
    assert.equal(hint('PersistentVolumeClaim/Add', undefined, { metadata: { ...bound.metadata, name: 'd' } }), false);
    assert.equal(hint('PersistentVolume/Update', volume({ [ZONE]: 'a' }), volume({ [ZONE]: 'b' })), true);
    assert.equal(hint('PersistentVolume/Update', volume({ [ZONE]: 'a' }), volume({ [ZONE]: 'a', x: 'y' })), false);
  });
});

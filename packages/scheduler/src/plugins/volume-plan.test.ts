import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '@kts/api/types/core-v1';
import type { CSIStorageCapacity, StorageClass } from '@kts/api/types/storage-v1';
import { listers, node, type ObjectsByLister } from '../testing/index.ts';
import { planVolumes, SELECTED_NODE, volumeChoices } from './volume-plan.ts';

const NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
const NO_SPACE = 'node(s) did not have enough free storage';
const HOST = 'kubernetes.io/hostname';
const DRIVER = 'csi.example.com';

const metadata = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});
const on = (...values: string[]) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOST, operator: 'In' as const, values }] }] },
});

function volume(
  name: string,
  size: string,
  spec: Partial<PersistentVolumeSpec> = {},
  more: { phase?: 'Available' | 'Bound'; labels?: Record<string, string>; deletionTimestamp?: string } = {},
): PersistentVolume {
  const { phase = 'Available', ...own } = more;
  return {
    metadata: { ...metadata(name), ...own },
    spec: { capacity: { storage: size }, accessModes: ['ReadWriteOnce'], storageClassName: 'local', ...spec },
    status: { phase },
  };
}

function claim(
  name: string,
  size: string,
  spec: Partial<PersistentVolumeClaimSpec> = {},
  annotations = {},
): PersistentVolumeClaim {
  return {
    metadata: { ...metadata(name), namespace: 'default', annotations },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      resources: { requests: { storage: size } },
      ...spec,
    },
  };
}

const storageClass = (name: string, provisioner: string, more: Partial<StorageClass> = {}): StorageClass => ({
  metadata: metadata(name),
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});
const topologies = (...values: string[]) => [{ matchLabelExpressions: [{ key: HOST, values }] }];
const CLASSES = [
  storageClass('local', 'kubernetes.io/no-provisioner'),
  storageClass('made', DRIVER),
  storageClass('made-on-m', DRIVER, { allowedTopologies: topologies('m') }),
  storageClass('made-on-n', DRIVER, { allowedTopologies: topologies('n') }),
];
const capacity = (
  size: { capacity?: string; maximumVolumeSize?: string },
  host = 'n',
  storageClassName = 'made',
): CSIStorageCapacity => ({
  metadata: { ...metadata(`capacity-${host}`), namespace: 'kube-system' },
  storageClassName,
  nodeTopology: { matchLabels: { [HOST]: host } },
  ...size,
});
const publishes: ObjectsByLister = { csiDrivers: [{ metadata: metadata(DRIVER), spec: { storageCapacity: true } }] };

/** For node `n`: which claim gets which volume, `new` for one that will be made; or the reasons. */
function plan(
  waiting: readonly PersistentVolumeClaim[],
  volumes: readonly PersistentVolume[],
  objects: ObjectsByLister = {},
): unknown {
  const choices = volumeChoices(listers({ storageClasses: CLASSES, persistentVolumes: volumes, ...objects }));
  const result = planVolumes({ bound: [], waiting }, node('n'), choices);
  if (!('bindings' in result)) return result;
  const bound = result.bindings.map((one) => [one.claim.metadata.name, one.volume.metadata.name]);
  return Object.fromEntries([...bound, ...result.provision.map((one) => [one.metadata.name, 'new'])]);
}

describe('planVolumes', () => {
  const made = (size: string, name = 'made') => claim('c', size, { storageClassName: name });
  const promise = (name: string, uid?: string) => ({ claimRef: { namespace: 'default', name, ...(uid && { uid }) } });
  const rows: readonly (readonly [
    name: string,
    waiting: readonly PersistentVolumeClaim[],
    volumes: readonly PersistentVolume[],
    expected: unknown,
    objects?: ObjectsByLister,
  ])[] = [
    [
      'the smallest that is large enough',
      [claim('c', '2Gi')],
      [volume('large', '9Gi'), volume('fits', '3Gi'), volume('small', '1Gi')],
      { c: 'fits' },
    ],
    ['the first of equals', [claim('c', '1Gi')], [volume('a', '1Gi'), volume('b', '1Gi')], { c: 'a' }],
    [
      'one for each claim, the smallest claim first',
      [claim('c', '3Gi'), claim('d', '1Gi')],
      [volume('a', '5Gi'), volume('b', '3Gi')],
      { d: 'b', c: 'a' },
    ],
    ['too few', [claim('c', '1Gi'), claim('d', '1Gi')], [volume('a', '1Gi')], [NO_VOLUME]],
    ['elsewhere', [claim('c', '1Gi')], [volume('a', '1Gi', { nodeAffinity: on('m') })], [NO_VOLUME]],
    [
      'here, though larger',
      [claim('c', '1Gi')],
      [volume('a', '1Gi', { nodeAffinity: on('m') }), volume('b', '2Gi', { nodeAffinity: on('n') })],
      { c: 'b' },
    ],
    ['promised', [claim('c', '1Gi')], [volume('a', '1Gi'), volume('b', '5Gi', promise('c'))], { c: 'b' }],
    [
      'promised, but elsewhere',
      [claim('c', '1Gi')],
      [volume('a', '1Gi'), volume('b', '5Gi', { ...promise('c'), nodeAffinity: on('m') })],
      [NO_VOLUME],
    ],
    [
      'promised to an earlier claim of the name',
      [claim('c', '1Gi')],
      [volume('b', '5Gi', promise('c', 'gone'))],
      [NO_VOLUME],
    ],
    ['promised to another', [claim('c', '1Gi')], [volume('b', '5Gi', promise('d'))], [NO_VOLUME]],
    ['not available', [claim('c', '1Gi')], [volume('a', '1Gi', {}, { phase: 'Bound' })], [NO_VOLUME]],
    [
      'going away',
      [claim('c', '1Gi')],
      [volume('a', '1Gi', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
      [NO_VOLUME],
    ],
    ['of another class', [claim('c', '1Gi')], [volume('a', '1Gi', { storageClassName: 'other' })], [NO_VOLUME]],
    ['of another mode', [claim('c', '1Gi', { volumeMode: 'Block' })], [volume('a', '1Gi')], [NO_VOLUME]],
    [
      'of the mode',
      [claim('c', '1Gi', { volumeMode: 'Block' })],
      [volume('a', '1Gi', { volumeMode: 'Block' })],
      { c: 'a' },
    ],
    [
      'without an access mode',
      [claim('c', '1Gi', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] })],
      [volume('a', '1Gi')],
      [NO_VOLUME],
    ],
    [
      'of another attributes class',
      [claim('c', '1Gi', { volumeAttributesClassName: 'gold' })],
      [volume('a', '1Gi')],
      [NO_VOLUME],
    ],
    [
      'with the labels',
      [claim('c', '1Gi', { selector: { matchLabels: { tier: 'x' } } })],
      [volume('a', '1Gi'), volume('b', '9Gi', {}, { labels: { tier: 'x' } })],
      { c: 'b' },
    ],
    ['one that will be made', [made('1Gi')], [], { c: 'new' }],
    ['one that will not be made here', [made('1Gi', 'made-on-m')], [], [NO_VOLUME]],
    ['one that will be made here', [made('1Gi', 'made-on-n')], [], { c: 'new' }],
    [
      'made on the selected node',
      [claim('c', '1Gi', { storageClassName: 'made' }, { [SELECTED_NODE]: 'n' })],
      [],
      { c: 'new' },
    ],
    [
      'made on another node',
      [claim('c', '1Gi', { storageClassName: 'made' }, { [SELECTED_NODE]: 'm' })],
      [],
      [NO_VOLUME],
    ],
    [
      'enough space',
      [made('2Gi')],
      [],
      { c: 'new' },
      { ...publishes, csiStorageCapacities: [capacity({ capacity: '2Gi' })] },
    ],
    [
      'too little space',
      [made('3Gi')],
      [],
      [NO_SPACE],
      { ...publishes, csiStorageCapacities: [capacity({ capacity: '2Gi' })] },
    ],
    [
      'too large at once',
      [made('3Gi')],
      [],
      [NO_SPACE],
      { ...publishes, csiStorageCapacities: [capacity({ capacity: '9Gi', maximumVolumeSize: '2Gi' })] },
    ],
    [
      'space elsewhere',
      [made('1Gi')],
      [],
      [NO_SPACE],
      { ...publishes, csiStorageCapacities: [capacity({ capacity: '9Gi' }, 'm')] },
    ],
    [
      'space of another class',
      [made('1Gi')],
      [],
      [NO_SPACE],
      { ...publishes, csiStorageCapacities: [capacity({ capacity: '9Gi' }, 'n', 'other')] },
    ],
    [
      'a driver that says nothing about space',
      [made('1Gi')],
      [],
      { c: 'new' },
      { csiStorageCapacities: [capacity({ capacity: '1Mi' })] },
    ],
  ];
  for (const [name, waiting, volumes, expected, objects] of rows) {
    it(name, () => assert.deepEqual(plan(waiting, volumes, objects), expected));
  }

  it('fails for a class that does not exist', () => {
    assert.throws(
      () => plan([claim('c', '1Gi', { storageClassName: 'none' })], []),
      /failed to find storage class "none"/,
    );
  });
});

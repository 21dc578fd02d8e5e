import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { events, pods, resourceClaims, resourceSlices } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import type { DeviceTaint, DeviceToleration, ResourceClaim, ResourceSlice } from '@kts/api/types/resource-v1';
import { formatTime } from '@kts/base';

import { podOn } from '../nodes/testing/node-objects.ts';
import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { deviceEvictionTime } from './plan-device-eviction.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECOND = 1000;
const taint = (fields: Partial<DeviceTaint> = {}): DeviceTaint => ({
  key: 'k',
  value: 'v',
  effect: 'NoExecute',
  timeAdded: formatTime(NOW),
  ...fields,
});
const toleration = (fields: Partial<DeviceToleration> = {}): DeviceToleration => ({
  key: 'k',
  operator: 'Exists',
  effect: 'NoExecute',
  ...fields,
});

describe('deviceEvictionTime', () => {
  const { metadata } = podOn({ name: 'x' });
  const slice = (taints: readonly DeviceTaint[], generation = 1): ResourceSlice => ({
    metadata,
    spec: { driver: 'd', pool: { name: 'p', generation, resourceSliceCount: 1 }, devices: [{ name: 'gpu', taints }] },
  });
  const claim = (tolerations: readonly DeviceToleration[], reservedFor = ['web']): ResourceClaim => ({
    metadata,
    spec: {},
    status: {
      allocation: { devices: { results: [{ request: 'r', driver: 'd', pool: 'p', device: 'gpu', tolerations }] } },
      reservedFor: reservedFor.map((name) => ({ resource: 'pods', name, uid: `uid-${name}` })),
    },
  });
  const web = (node: string | undefined = 'one'): Pod => {
    const base = podOn({ name: 'web', ...(node ? { node } : {}) });
    return { ...base, spec: { ...base.spec, resourceClaims: [{ name: 'dev', resourceClaimName: 'mine' }] } };
  };
  const after = (pod: Pod, mine: ResourceClaim, slices: readonly ResourceSlice[]): number | undefined => {
    const time = deviceEvictionTime({ pod, claim: () => mine, slices: () => slices });
    return time === undefined ? undefined : (time - NOW) / SECOND;
  };
  for (const [name, actual, expected] of [
    ['not tolerated', after(web(), claim([]), [slice([taint()])]), 0],
    ['no taint', after(web(), claim([]), [slice([])]), undefined],
    ['another effect', after(web(), claim([]), [slice([taint({ effect: 'NoSchedule' })])]), undefined],
    ['tolerated', after(web(), claim([toleration()]), [slice([taint()])]), undefined],
    ['any key tolerated', after(web(), claim([toleration({ key: '' })]), [slice([taint()])]), undefined],
    ['another key tolerated', after(web(), claim([toleration({ key: 'x' })]), [slice([taint()])]), 0],
    [
      'another value tolerated',
      after(web(), claim([toleration({ operator: 'Equal', value: 'x' })]), [slice([taint()])]),
      0,
    ],
    [
      'the value tolerated',
      after(web(), claim([toleration({ operator: 'Equal', value: 'v' })]), [slice([taint()])]),
      undefined,
    ],
    [
      'tolerated for scheduling only',
      after(web(), claim([toleration({ effect: 'NoSchedule' })]), [slice([taint()])]),
      0,
    ],
    ['tolerated for a while', after(web(), claim([toleration({ tolerationSeconds: 30 })]), [slice([taint()])]), 30],
    [
      'the shortest counts',
      after(web(), claim([toleration({ tolerationSeconds: 30 }), toleration({ tolerationSeconds: 5 })]), [
        slice([taint()]),
      ]),
      5,
    ],
    [
      'for ever counts more',
      after(web(), claim([toleration({ tolerationSeconds: 5 }), toleration()]), [slice([taint()])]),
      undefined,
    ],
    [
      'the earliest taint counts',
      after(web(), claim([toleration({ tolerationSeconds: 60 })]), [
        slice([taint(), taint({ timeAdded: formatTime(NOW - 20 * SECOND) })]),
      ]),
      40,
    ],
    ['an old generation of the pool', after(web(), claim([]), [slice([taint()], 1), slice([], 2)]), undefined],
    ['not on a node', after(web(''), claim([]), [slice([taint()])]), undefined],
    ['reserved for another', after(web(), claim([], ['other']), [slice([taint()])]), undefined],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }
});

describe('the device taint controller', () => {
  const KEY = { namespace: 'default', name: 'web' };

  async function start(tolerations: readonly DeviceToleration[]): Promise<ControllerHarness> {
    const cluster = await startControllers(['device-taint-eviction-controller']);
    const { client } = cluster;
    const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu.test' } }];
    const claim = await client.create(resourceClaims, {
      metadata: { ...KEY, name: 'mine' },
      spec: { devices: { requests } },
    });
    const pod = await client.create(pods, {
      metadata: KEY,
      spec: {
        nodeName: 'one',
        containers: [{ name: 'main', image: 'web:1' }],
        resourceClaims: [{ name: 'dev', resourceClaimName: 'mine' }],
      },
    });
    const results = [{ request: 'r', driver: 'd.test', pool: 'p', device: 'gpu', tolerations }];
    const reservedFor = [{ resource: 'pods', name: 'web', uid: pod.metadata.uid }];
    await client.updateStatus(resourceClaims, {
      ...claim,
      status: { allocation: { devices: { results } }, reservedFor },
    });
    const timeAdded = formatTime(cluster.clock.now());
    await client.create(resourceSlices, {
      metadata: { name: 'slice' },
      spec: {
        driver: 'd.test',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'one',
        devices: [{ name: 'gpu', taints: [{ key: 'k', effect: 'NoExecute', timeAdded }] }],
      },
    });
    await cluster.settle();
    return cluster;
  }

  const isDeleted = async ({ client }: ControllerHarness): Promise<boolean> =>
    (await client.get(pods, KEY)).metadata.deletionTimestamp !== undefined;
  const told = async ({ client }: ControllerHarness): Promise<readonly (string | undefined)[]> =>
    (await client.list(events, { namespace: 'default' })).items.map(({ message }) => message);

  it('evicts at once, and says why', async () => {
    await using cluster = await start([]);
    assert.equal(await isDeleted(cluster), true);
    const { status } = await cluster.client.get(pods, KEY);
    assert.equal(
      status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason,
      'DeletionByDeviceTaintManager',
    );
    assert.deepEqual(await told(cluster), ['Marking for deletion']);
  });

  it('evicts later, unless the taint goes in time', async () => {
    await using cluster = await start([{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
    assert.equal(await isDeleted(cluster), false);
    const devices = [{ name: 'gpu' }];
    const slice = await cluster.client.get(resourceSlices, { name: 'slice' });
    await cluster.client.update(resourceSlices, { ...slice, spec: { ...slice.spec, devices } });
    await cluster.clock.advance(120_000);
    assert.equal(await isDeleted(cluster), false);
    assert.deepEqual(await told(cluster), ['Cancelling deletion']);
  });
});

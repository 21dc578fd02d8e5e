import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@kts/base';
import type { Pod } from '@kts/api/types/core-v1';
import type { DeviceClass, ResourceClaim, ResourceSlice } from '@kts/api/types/resource-v1';
import { ClaimTracker } from '../devices/claim-tracker.ts';
import { DeviceClasses } from '../devices/device-classes.ts';
import type { DeviceHost } from '../devices/device-host.ts';
import { sortSlices } from '../devices/device-pools.ts';
import { DeviceSelectors } from '../devices/device-selectors.ts';
import { createSelectorLanguage } from '../devices/selector-language.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { profileOf } from '../framework/profile.ts';
import { scheduleOne } from '../framework/schedule-one.ts';
import {
  allocatedTo,
  claim,
  cluster,
  deviceClass,
  hinted,
  node,
  pod,
  slice,
  verdicts,
  type PodOptions,
} from '../testing/index.ts';
import { dynamicResources } from './dynamic-resources.ts';

interface Devices {
  readonly claims?: readonly ResourceClaim[];
  readonly slices?: readonly ResourceSlice[];
  readonly classes?: readonly DeviceClass[];
  readonly now?: number;
}

function host({ claims = [], slices = [], classes = [deviceClass('gpu')], now = 0 }: Devices): DeviceHost {
  const tracker = new ClaimTracker();
  for (const one of claims) tracker.observe(one);
  return {
    claims: tracker,
    classes: new DeviceClasses(classes),
    slices: () => sortSlices(slices),
    selectors: new DeviceSelectors(createSelectorLanguage),
    load: () => undefined,
    newUid: () => 'new-uid',
    monotonic: () => 0,
    now: () => now,
    onWaiting: () => {},
  };
}

const nodes = [node('a'), node('b')];
const uses = (...names: readonly string[]): PodOptions => ({
  resourceClaims: names.map((name, index) => ({ name: `use${index}`, resourceClaimName: name })),
});
const ON_B = [slice('s', ['d0', 'd1'], { nodeName: 'b' })];
const NONE = 'cannot allocate all claims';
const onlyOn = (name: string) => ({
  nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [name] }] }],
});

describe('DynamicResources filter', () => {
  const template: PodOptions = { resourceClaims: [{ name: 'mine', resourceClaimTemplateName: 't' }] };
  const generated = (resourceClaimName?: string) => ({
    resourceClaimStatuses: [{ name: 'mine', ...(resourceClaimName && { resourceClaimName }) }],
  });
  const rows: readonly (readonly [
    name: string,
    pod: PodOptions,
    devices: Devices,
    expected: Readonly<Record<string, string>> | string,
  ])[] = [
    ['no claims', {}, {}, { a: 'fits', b: 'fits' }],
    ['a claim that can be allocated', uses('c'), { claims: [claim('c')], slices: ON_B }, { a: NONE, b: 'fits' }],
    ['no claim', uses('c'), {}, 'could not find ResourceClaim "default/c"'],
    [
      'a claim that is going away',
      uses('c'),
      { claims: [{ ...claim('c'), metadata: { ...claim('c').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }] },
      'resourceclaim "c" is being deleted',
    ],
    ['a claim that is not generated yet', template, {}, 'pod "default/p": ResourceClaim not created yet'],
    ['a claim that is not needed', { ...template, status: generated() }, {}, { a: 'fits', b: 'fits' }],
    [
      'a claim that was generated for another pod',
      { ...template, status: generated('c') },
      { claims: [claim('c')] },
      'ResourceClaim default/c was not created for Pod default/p (Pod is not owner)',
    ],
    [
      'no class',
      uses('c'),
      { claims: [claim('c', [{ deviceClassName: 'x' }])] },
      'request r0: device class x does not exist',
    ],
    [
      'no class for an alternative',
      uses('c'),
      { claims: [claim('c', [{ name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'x' }] }])] },
      'request r/s: device class x does not exist',
    ],
    [
      'a request of another kind',
      uses('c'),
      { claims: [claim('c', [{ name: 'r' }])] },
      'resource claim default/c, request r: unknown request type',
    ],
    [
      'an allocated claim',
      uses('c'),
      { claims: [claim('c', [{}], { status: { allocation: { nodeSelector: onlyOn('a') } } })] },
      { a: 'fits', b: 'resourceclaim not available on the node' },
    ],
    [
      'an allocated claim for all nodes',
      uses('c'),
      { claims: [claim('c', [{}], { status: allocatedTo('x/y') })] },
      { a: 'fits', b: 'fits' },
    ],
    [
      'one allocated, one not',
      uses('c', 'd'),
      {
        claims: [claim('c', [{}], { status: { allocation: { nodeSelector: onlyOn('a') } } }), claim('d')],
        slices: ON_B,
      },
      { a: NONE, b: 'resourceclaim not available on the node' },
    ],
    [
      'devices for a resource',
      { requests: { 'example.com/gpu': '2' } },
      { classes: [deviceClass('gpu', { extendedResourceName: 'example.com/gpu' })], slices: ON_B },
      { a: NONE, b: 'fits' },
    ],
    [
      'too few devices for a resource',
      { requests: { 'example.com/gpu': '3' } },
      { classes: [deviceClass('gpu', { extendedResourceName: 'example.com/gpu' })], slices: ON_B },
      { a: NONE, b: NONE },
    ],
    [
      'a resource beside it that nobody has',
      { requests: { 'example.com/gpu': '1', 'example.com/x': '1' } },
      { classes: [deviceClass('gpu', { extendedResourceName: 'example.com/gpu' })], slices: ON_B },
      { a: 'cannot fit resource', b: 'cannot fit resource' },
    ],
  ];
  for (const [name, options, devices, expected] of rows) {
    it(name, () =>
      assert.deepEqual(verdicts(dynamicResources(host(devices)), pod('p', options), cluster({ nodes })), expected),
    );
  }

  it('waits for an allocation that is being written', () => {
    const devices = host({ claims: [claim('c')], slices: ON_B });
    devices.claims.reserve(claim('c', [{}], { status: allocatedTo('b/d0') }));
    const expected = 'resource claim default/c is in the process of being allocated';
    assert.equal(verdicts(dynamicResources(devices), pod('p', uses('c')), cluster({ nodes })), expected);
  });

  it('fails for a selector that makes no sense, and names the plugin', () => {
    const classes = [deviceClass('gpu', { selectors: [{ cel: { expression: 'device.name' } }] })];
    const plugin = dynamicResources(host({ claims: [claim('c')], slices: ON_B, classes }));
    assert.throws(
      () => verdicts(plugin, pod('p', uses('c')), cluster({ nodes })),
      /^Error: running "DynamicResources" filter plugin: class gpu: selector #0: CEL compile error: /,
    );
  });

  it('gives up a search that takes too long', () => {
    let time = 0;
    const slow = { ...host({ claims: [claim('c')], slices: ON_B }), monotonic: () => (time += 2000) };
    assert.throws(
      () => verdicts(dynamicResources(slow), pod('p', uses('c')), cluster({ nodes })),
      /node a: timed out trying to allocate devices/,
    );
  });
});

describe('DynamicResources score', () => {
  it('prefers alternatives that come first', () => {
    const firstAvailable = [
      { name: 'two', deviceClassName: 'gpu', count: 2 },
      { name: 'one', deviceClassName: 'gpu' },
    ];
    const devices = host({
      claims: [claim('c', [{ name: 'r', firstAvailable }])],
      slices: [slice('s', ['d0'], { nodeName: 'a' }), ...ON_B],
    });
    const profile = profileOf('test', [{ plugin: dynamicResources(devices), weight: 1 }]);
    const decision = scheduleOne(cluster({ nodes }), podInfoOf(pod('p', uses('c'))), profile, seededRandom(1));
    assert.equal(decision.kind === 'scheduled' && decision.node.name, 'b');
  });
});

describe('DynamicResources postFilter', () => {
  const reasonsOf = (wanted: Pod, devices: Devices): readonly string[] | string => {
    const profile = profileOf('test', [{ plugin: dynamicResources(host(devices)), weight: 1 }]);
    const decision = scheduleOne(cluster({ nodes }), podInfoOf(wanted), profile, seededRandom(1));
    return decision.kind === 'unschedulable' ? [decision.message, String(decision.effects.length)] : decision.kind;
  };
  const elsewhere = (users: readonly string[]) => {
    const reservedFor = users.map((name) => ({ resource: 'pods', name, uid: `uid-default-${name}` }));
    return { allocation: { nodeSelector: onlyOn('gone') }, reservedFor };
  };
  const UNAVAILABLE = '0/2 nodes are available: 2 resourceclaim not available on the node.';

  it('gives back the devices of a claim that nobody else uses', () => {
    for (const users of [[], ['p']]) {
      const claims = [claim('c', [{}], { status: elsewhere(users) })];
      assert.deepEqual(reasonsOf(pod('p', uses('c')), { claims }), [
        `${UNAVAILABLE} deallocation of ResourceClaim completed`,
        '1',
      ]);
    }
  });

  it('has nothing to say about claims that could not be looked at', () => {
    const claims = [claim('c', [{ deviceClassName: 'x' }])];
    const message = '0/2 nodes are available: request r0: device class x does not exist. no new claims to deallocate';
    assert.deepEqual(reasonsOf(pod('p', uses('c')), { claims }), [message, '0']);
  });

  it('leaves a claim alone that others use', () => {
    const claims = [claim('c', [{}], { status: elsewhere(['q']) })];
    assert.deepEqual(reasonsOf(pod('p', uses('c')), { claims }), [`${UNAVAILABLE} still not schedulable`, '0']);
  });

  it('gives up devices that failed to become ready', () => {
    const conditions = [
      {
        type: 'Failed',
        status: 'True' as const,
        reason: 'R',
        message: 'm',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const device = { driver: 'gpu.example.com', pool: 'b', device: 'd0' };
    const results = [{ ...device, request: 'r0', bindingConditions: ['Ready'], bindingFailureConditions: ['Failed'] }];
    const claims = [
      claim('c', [{}], { status: { allocation: { devices: { results } }, devices: [{ ...device, conditions }] } }),
    ];
    assert.deepEqual(reasonsOf(pod('p', uses('c')), { claims }), [
      `${UNAVAILABLE} deallocation of ResourceClaim completed`,
      '1',
    ]);
  });
});

describe('DynamicResources queueing hints', () => {
  const waiting = pod('p', uses('c'));
  const plugin = dynamicResources(host({ claims: [claim('c')] }));
  const allocated = (name: string) => claim(name, [{}], { status: allocatedTo('b/d0') });
  const rows: readonly (readonly [
    name: string,
    before: ResourceClaim | undefined,
    after: ResourceClaim,
    expected: boolean,
  ])[] = [
    ['its claim is there', undefined, claim('c'), true],
    ['another claim is there', undefined, claim('d'), false],
    ['its claim has changed', claim('c'), allocated('c'), true],
    ['its claim has changed in nothing that matters', claim('c'), { ...claim('c') }, false],
    ['another claim has changed', claim('d'), allocated('d'), false],
    ['another claim gave its devices back', allocated('d'), claim('d'), true],
  ];
  for (const [name, before, after, expected] of rows) {
    it(name, () => {
      const event = before === undefined ? 'ResourceClaim/Add' : 'ResourceClaim/Update';
      assert.equal(hinted(plugin, event, waiting, { before, after }), expected);
    });
  }

  it('a pod whose claims are still missing need not be tried', () => {
    const event = 'ResourceClaim/Update';
    assert.equal(
      hinted(plugin, event, pod('p', uses('c', 'missing')), { before: allocated('d'), after: claim('d') }),
      false,
    );
  });

  it('classes, slices and nodes always count', () => {
    for (const event of ['DeviceClass/Add', 'ResourceSlice/Update', 'Node/Add', 'Node/UpdateAllocatable'] as const) {
      assert.equal(hinted(plugin, event, waiting), true);
    }
  });
});

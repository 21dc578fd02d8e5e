import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Device, DeviceClass, ResourceClaim, ResourceSlice } from '@kts/api/types/resource-v1';
import { node } from '../testing/builders.ts';
import { allocatedTo, claim, deviceClass, slice } from '../testing/devices.ts';
import { allocateDevices } from './allocate-devices.ts';
import type { AllocationInput } from './allocation-plan.ts';
import { ClaimTracker } from './claim-tracker.ts';
import { sortSlices } from './device-pools.ts';
import { DeviceSelectors } from './device-selectors.ts';

interface Case {
  readonly slices: readonly ResourceSlice[];
  readonly claims: readonly ResourceClaim[];
  /** Claims that were allocated before. */
  readonly others?: readonly ResourceClaim[];
  readonly classes?: readonly DeviceClass[];
}

const NODE = node('n', { labels: { zone: 'a' } });

function input({ slices, claims, others = [], classes = [deviceClass('gpu')] }: Case): AllocationInput {
  const used = new ClaimTracker();
  for (const other of others) used.observe(other);
  let shares = 0;
  return {
    claims,
    node: NODE,
    slices: sortSlices(slices),
    used,
    deviceClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    selectors: new DeviceSelectors(() => ({ compile: () => ({ matches: () => true }) })),
    newShareId: () => `share-${shares++}`,
    checkTime: () => {},
  };
}

/** For each claim its devices as `request pool/device`. */
function allocate(options: Case): unknown {
  const result = allocateDevices(input(options));
  if (result === undefined || 'reason' in result) return result;
  return result.map(({ devices }) =>
    devices!.results!.map(({ request, pool, device }) => `${request} ${pool}/${device}`),
  );
}

const NODE_N = { nodeName: 'n' };
const attributes = (model: string, more: Device['attributes'] = {}): Pick<Device, 'attributes'> => ({
  attributes: { model: { string: model }, ...more },
});
const selectorFor = (key: string, ...values: string[]) => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In' as const, values }] }],
});

const cases: readonly (readonly [name: string, options: Case, expected: unknown])[] = [
  ['one device', { slices: [slice('s', ['a', 'b'], NODE_N)], claims: [claim('c')] }, [['r0 n/a']]],
  ['nothing on the node', { slices: [slice('s', ['a'], { nodeName: 'm' })], claims: [claim('c')] }, undefined],
  [
    'several',
    { slices: [slice('s', ['a', 'b', 'c'], NODE_N)], claims: [claim('c', [{ count: 2 }, {}])] },
    [['r0 n/a', 'r0 n/b', 'r1 n/c']],
  ],
  ['too many', { slices: [slice('s', ['a', 'b'], NODE_N)], claims: [claim('c', [{ count: 3 }])] }, undefined],
  [
    'two claims',
    { slices: [slice('s', ['a', 'b'], NODE_N)], claims: [claim('c'), claim('d')] },
    [['r0 n/a'], ['r0 n/b']],
  ],
  [
    'a device in use',
    {
      slices: [slice('s', ['a', 'b'], NODE_N)],
      claims: [claim('c')],
      others: [claim('o', [{}], { status: allocatedTo('n/a') })],
    },
    [['r0 n/b']],
  ],
  [
    'an administrator beside who uses it',
    {
      slices: [slice('s', ['a'], NODE_N)],
      claims: [claim('c', [{ adminAccess: true }])],
      others: [claim('o', [{}], { status: allocatedTo('n/a') })],
    },
    [['r0 n/a']],
  ],
  [
    'an administrator twice',
    { slices: [slice('s', ['a'], NODE_N)], claims: [claim('c', [{ adminAccess: true, count: 2 }])] },
    undefined,
  ],
  [
    'all devices',
    { slices: [slice('s', ['a', 'b'], NODE_N)], claims: [claim('c', [{ allocationMode: 'All' }])] },
    [['r0 n/a', 'r0 n/b']],
  ],
  ['all of nothing', { slices: [], claims: [claim('c', [{ allocationMode: 'All' }])] }, undefined],
  [
    'all, of which one is in use',
    {
      slices: [slice('s', ['a', 'b'], NODE_N)],
      claims: [claim('c', [{ allocationMode: 'All' }])],
      others: [claim('o', [{}], { status: allocatedTo('n/b') })],
    },
    undefined,
  ],
  [
    'devices of the network',
    { slices: [slice('net', ['a'], { allNodes: true })], claims: [claim('c')] },
    [['r0 net/a']],
  ],
  [
    'devices of a zone',
    { slices: [slice('z', ['a'], { nodeSelector: selectorFor('zone', 'a') })], claims: [claim('c')] },
    [['r0 z/a']],
  ],
  [
    'devices of another zone',
    { slices: [slice('z', ['a'], { nodeSelector: selectorFor('zone', 'b') })], claims: [claim('c')] },
    undefined,
  ],
  [
    'each device for its own nodes',
    {
      slices: [
        slice(
          'p',
          [
            { name: 'a', nodeName: 'm' },
            { name: 'b', allNodes: true },
          ],
          { perDeviceNodeSelection: true },
        ),
      ],
      claims: [claim('c')],
    },
    [['r0 p/b']],
  ],
  [
    'pools by name',
    { slices: [slice('y', ['a'], { allNodes: true }), slice('x', ['a'], { allNodes: true })], claims: [claim('c')] },
    [['r0 x/a']],
  ],
  [
    'pools that must be waited for last',
    {
      slices: [
        slice('x', [{ name: 'a', bindingConditions: ['Ready'] }], { allNodes: true }),
        slice('y', ['a'], { allNodes: true }),
      ],
      claims: [claim('c')],
    },
    [['r0 y/a']],
  ],
  [
    'slices by name',
    {
      slices: [
        slice('s2', ['b'], { ...NODE_N, resourceSliceCount: 2 }),
        slice('s1', ['a'], { ...NODE_N, resourceSliceCount: 2 }),
      ],
      claims: [claim('c')],
    },
    [['r0 n/a']],
  ],
  [
    'an incomplete pool',
    { slices: [slice('s1', ['a'], { ...NODE_N, resourceSliceCount: 2 })], claims: [claim('c')] },
    undefined,
  ],
  [
    'only the newest generation',
    { slices: [slice('s1', ['a'], NODE_N), slice('s2', ['b'], { ...NODE_N, generation: 2 })], claims: [claim('c')] },
    [['r0 n/b']],
  ],
  [
    'a pool that is moving elsewhere',
    {
      slices: [
        slice('s1', ['a'], { nodeName: 'n', name: 'p', resourceSliceCount: 2 }),
        slice('s2', ['b'], { nodeName: 'm', name: 'p', generation: 2 }),
      ],
      claims: [claim('c')],
    },
    undefined,
  ],
  [
    'a name twice in a pool',
    {
      slices: [
        slice('s1', ['a'], { ...NODE_N, resourceSliceCount: 2 }),
        slice('s2', ['a'], { ...NODE_N, resourceSliceCount: 2 }),
      ],
      claims: [claim('c')],
    },
    { reason: 'invalid resource pools were encountered' },
  ],
  [
    'a taint',
    {
      slices: [slice('s', [{ name: 'a', taints: [{ key: 'bad', effect: 'NoSchedule' }] }, 'b'], NODE_N)],
      claims: [claim('c')],
    },
    [['r0 n/b']],
  ],
  [
    'a taint that is tolerated',
    {
      slices: [slice('s', [{ name: 'a', taints: [{ key: 'bad', effect: 'NoExecute' }] }], NODE_N)],
      claims: [claim('c', [{ tolerations: [{ operator: 'Exists' }] }])],
    },
    [['r0 n/a']],
  ],
  [
    'a taint without effect',
    { slices: [slice('s', [{ name: 'a', taints: [{ key: 'info', effect: 'None' }] }], NODE_N)], claims: [claim('c')] },
    [['r0 n/a']],
  ],
];

describe('allocateDevices', () => {
  for (const [name, options, expected] of cases) it(name, () => assert.deepEqual(allocate(options), expected));
});

const MODELS = slice(
  's',
  [
    { name: 'a', ...attributes('x') },
    { name: 'b', ...attributes('y') },
    { name: 'c', ...attributes('y') },
    { name: 'd' },
  ],
  NODE_N,
);
const MODEL = 'gpu.example.com/model';

const constraintCases: readonly (readonly [name: string, options: Omit<Case, 'slices'>, expected: unknown])[] = [
  [
    'the same',
    { claims: [claim('c', [{ count: 2 }], { constraints: [{ matchAttribute: MODEL }] })] },
    [['r0 n/b', 'r0 n/c']],
  ],
  [
    'the same over requests',
    { claims: [claim('c', [{}, {}], { constraints: [{ matchAttribute: MODEL }] })] },
    [['r0 n/b', 'r1 n/c']],
  ],
  [
    'the same for one request only',
    { claims: [claim('c', [{}, {}], { constraints: [{ matchAttribute: MODEL, requests: ['r1'] }] })] },
    [['r0 n/a', 'r1 n/b']],
  ],
  [
    'different',
    { claims: [claim('c', [{ count: 2 }], { constraints: [{ distinctAttribute: MODEL }] })] },
    [['r0 n/a', 'r0 n/b']],
  ],
  [
    'more different ones than there are',
    { claims: [claim('c', [{ count: 3 }], { constraints: [{ distinctAttribute: MODEL }] })] },
    undefined,
  ],
  [
    'an attribute that nothing has',
    { claims: [claim('c', [{}], { constraints: [{ matchAttribute: 'other.example.com/model' }] })] },
    undefined,
  ],
];

describe('allocateDevices with constraints', () => {
  for (const [name, options, expected] of constraintCases) {
    it(name, () => assert.deepEqual(allocate({ ...options, slices: [MODELS] }), expected));
  }

  it('says so if all devices cannot have it', () => {
    const claims = [claim('c', [{ allocationMode: 'All' }], { constraints: [{ matchAttribute: MODEL }] })];
    assert.throws(() => allocate({ slices: [MODELS], claims }), {
      message:
        'claim default/c, request r0: cannot add device gpu.example.com/n/b because a claim constraint would not be satisfied',
    });
  });
});

describe('allocateDevices with alternatives', () => {
  const classes = [deviceClass('gpu'), deviceClass('none', { selectors: [] })];
  const either = (...counts: readonly number[]) => ({
    name: 'r',
    firstAvailable: counts.map((count, index) => ({ name: `alt${index}`, deviceClassName: 'gpu', count })),
  });
  const two = [slice('s', ['a', 'b'], NODE_N)];

  it('takes the first that can be had', () => {
    assert.deepEqual(allocate({ slices: two, classes, claims: [claim('c', [either(3, 2, 1)])] }), [
      ['r/alt1 n/a', 'r/alt1 n/b'],
    ]);
  });

  it('goes back to one that needs less for the sake of a later request', () => {
    assert.deepEqual(allocate({ slices: two, classes, claims: [claim('c', [either(2, 1), {}])] }), [
      ['r/alt1 n/a', 'r1 n/b'],
    ]);
  });

  it('goes back over claims', () => {
    const claims = [claim('c', [either(2, 1)]), claim('d')];
    assert.deepEqual(allocate({ slices: two, classes, claims }), [['r/alt1 n/a'], ['r0 n/b']]);
  });

  it('gives a claim no more devices than it can hold', () => {
    const many = [
      slice(
        's',
        Array.from({ length: 40 }, (_, index) => `d${index}`),
        NODE_N,
      ),
    ];
    const claims = [claim('c', [{ count: 31 }, either(3, 1)])];
    const [devices] = allocate({ slices: many, classes, claims }) as string[][];
    assert.equal(devices!.at(-1), 'r/alt1 n/d31');
    assert.throws(
      () => allocate({ slices: many, claims: [claim('c', [{ count: 33 }])] }),
      /exceeds the claim limit of 32/,
    );
  });
});

describe('allocateDevices from partitions', () => {
  const counters = (memory: string) => ({ memory: { value: memory } });
  const part = (name: string, memory: string, more: Partial<Device> = {}): Device => ({
    name,
    consumesCounters: [{ counterSet: 'gpu', counters: counters(memory) }],
    ...more,
  });
  const pool = { nodeName: 'n', name: 'p', resourceSliceCount: 2 };
  const shared = slice('counters', [], { ...pool, sharedCounters: [{ name: 'gpu', counters: counters('80Gi') }] });
  const parts = (...devices: Device[]): readonly ResourceSlice[] => [shared, slice('parts', devices, pool)];

  it('takes what fits together', () => {
    const slices = parts(part('whole', '80Gi'), part('half', '40Gi'), part('quarter', '20Gi'));
    assert.deepEqual(allocate({ slices, claims: [claim('c', [{ count: 2 }])] }), [['r0 p/half', 'r0 p/quarter']]);
  });

  it('counts what others use', () => {
    const slices = parts(part('half1', '40Gi'), part('half2', '40Gi'), part('whole', '80Gi'));
    const others = [claim('o', [{}], { status: allocatedTo('p/half1') })];
    assert.deepEqual(allocate({ slices, others, claims: [claim('c')] }), [['r0 p/half2']]);
    assert.equal(allocate({ slices, others, claims: [claim('c', [{ count: 2 }])] }), undefined);
  });

  it('gives back what a device took that a taint rules out', () => {
    const tainted = part('whole', '80Gi', { taints: [{ key: 'bad', effect: 'NoSchedule' }] });
    assert.deepEqual(allocate({ slices: parts(tainted, part('half', '40Gi')), claims: [claim('c')] }), [['r0 p/half']]);
  });

  it('refuses a pool with counters that do not exist', () => {
    const slices = parts({ name: 'a', consumesCounters: [{ counterSet: 'other', counters: counters('1Gi') }] });
    assert.deepEqual(allocate({ slices, claims: [claim('c')] }), { reason: 'invalid resource pools were encountered' });
  });
});

describe('allocateDevices of shared devices', () => {
  const nic = (policy?: object): Device => ({
    name: 'nic',
    allowMultipleAllocations: true,
    capacity: { bandwidth: { value: '10', ...(policy && { requestPolicy: policy }) } },
  });
  const wants = (bandwidth: string) => ({ capacity: { requests: { bandwidth } } });
  const results = (device: Device, ...claims: readonly ResourceClaim[]) => {
    const found = allocateDevices(input({ slices: [slice('s', [device], NODE_N)], claims }));
    if (found === undefined || 'reason' in found) return found;
    return found.map(({ devices }) => devices!.results![0]!.consumedCapacity!['bandwidth']);
  };

  const rows: readonly (readonly [
    name: string,
    policy: object | undefined,
    wanted: readonly string[],
    given: unknown,
  ])[] = [
    ['what is asked for', undefined, ['4', '6'], ['4', '6']],
    ['not more than there is', undefined, ['4', '7'], undefined],
    ['a default', { default: '3' }, [''], ['3']],
    ['everything without a default', undefined, [''], ['10']],
    ['at least the minimum', { default: '2', validRange: { min: '2' } }, ['1'], ['2']],
    ['whole steps', { default: '2', validRange: { min: '2', step: '3' } }, ['4'], ['5']],
    ['not beyond the maximum', { default: '2', validRange: { min: '2', max: '4' } }, ['5'], undefined],
    ['the next valid value', { default: '2', validValues: ['2', '4', '8'] }, ['3'], ['4']],
    ['no value that is not valid', { default: '2', validValues: ['2', '4'] }, ['5'], undefined],
  ];
  for (const [name, policy, wanted, given] of rows) {
    it(name, () => {
      const claims = wanted.map((amount, index) => claim(`c${index}`, [amount === '' ? {} : wants(amount)]));
      assert.deepEqual(results(nic(policy), ...claims), given);
    });
  }

  it('not a capacity that the device lacks', () => {
    assert.equal(results(nic(), claim('c', [{ capacity: { requests: { speed: '1' } } }])), undefined);
  });

  it('beside what others use', () => {
    const shared = {
      request: 'r0',
      driver: 'gpu.example.com',
      pool: 'n',
      device: 'nic',
      shareID: 'x',
      consumedCapacity: { bandwidth: '8' },
    };
    const others = [claim('o', [{}], { status: { allocation: { devices: { results: [shared] } } } })];
    const slices = [slice('s', [nic()], NODE_N)];
    assert.deepEqual(allocate({ slices, others, claims: [claim('c', [wants('2')])] }), [['r0 n/nic']]);
    assert.equal(allocate({ slices, others, claims: [claim('c', [wants('3')])] }), undefined);
  });
});

describe('allocateDevices writes', () => {
  it('configuration of classes and claims for the chosen alternatives, and where the devices are', () => {
    const opaque = (value: string) => ({ opaque: { driver: 'gpu.example.com', parameters: { value } } });
    const classes = [deviceClass('gpu', { config: [opaque('class')] })];
    const wanted = claim('c', [
      { tolerations: [{ operator: 'Exists' }] },
      { name: 'r', firstAvailable: [{ name: 'x', deviceClassName: 'gpu' }] },
    ]);
    const config = [opaque('all'), { requests: ['r/x'], ...opaque('x') }, { requests: ['r/y'], ...opaque('y') }];
    const claims = [{ ...wanted, spec: { devices: { ...wanted.spec.devices, config } } }];
    const bound: Device = { name: 'b', bindingConditions: ['Ready'], bindingFailureConditions: ['Failed'] };
    const slices = [slice('s', ['a', bound], { nodeName: 'n' })];
    assert.deepEqual(allocateDevices(input({ slices, classes, claims })), [
      {
        devices: {
          results: [
            { request: 'r0', driver: 'gpu.example.com', pool: 'n', device: 'a', tolerations: [{ operator: 'Exists' }] },
            {
              request: 'r/x',
              driver: 'gpu.example.com',
              pool: 'n',
              device: 'b',
              bindingConditions: ['Ready'],
              bindingFailureConditions: ['Failed'],
            },
          ],
          config: [
            { source: 'FromClass', requests: ['r0', 'r/x'], ...opaque('class') },
            { source: 'FromClaim', ...opaque('all') },
            { source: 'FromClaim', requests: ['r/x'], ...opaque('x') },
          ],
        },
        nodeSelector: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
        },
      },
    ]);
  });

  it('the selectors of all devices together', () => {
    const slices = [
      slice('x', ['a'], { nodeSelector: selectorFor('zone', 'a') }),
      slice('y', ['a'], { nodeSelector: selectorFor('kubernetes.io/hostname', 'n') }),
    ];
    const [result] = allocateDevices(input({ slices, claims: [claim('c', [{ count: 2 }])] })) as readonly {
      readonly nodeSelector?: object;
    }[];
    const matchExpressions = [
      ...selectorFor('zone', 'a').nodeSelectorTerms[0]!.matchExpressions,
      ...selectorFor('kubernetes.io/hostname', 'n').nodeSelectorTerms[0]!.matchExpressions,
    ];
    assert.deepEqual(result!.nodeSelector, { nodeSelectorTerms: [{ matchExpressions }] });
  });

  const refusals: readonly (readonly [name: string, options: Case, message: string])[] = [
    [
      'a class that is not there',
      { slices: [], claims: [claim('c', [{ deviceClassName: 'x' }])] },
      'claim default/c, request r0: could not retrieve device class x: deviceclass.resource.k8s.io "x" not found',
    ],
    [
      'all of an incomplete pool',
      {
        slices: [slice('s', ['a'], { ...NODE_N, resourceSliceCount: 2 })],
        claims: [claim('c', [{ allocationMode: 'All' }])],
      },
      'claim default/c, request r0: asks for all devices, but resource pool gpu.example.com/n is currently being updated',
    ],
    [
      'an empty constraint',
      { slices: [], claims: [claim('c', [{}], { constraints: [{}] })] },
      'claim default/c, constraint #0: empty constraint (unsupported constraint type?)',
    ],
    [
      'an empty selector',
      { slices: [], claims: [claim('c', [{ selectors: [{}] }])] },
      'claim default/c, request r0, selector #0: CEL expression empty (unsupported selector type?)',
    ],
  ];
  for (const [name, options, message] of refusals) {
    it(`an error for ${name}`, () => assert.throws(() => allocate(options), { message }));
  }
});

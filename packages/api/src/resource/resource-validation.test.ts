import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FieldError } from '@kts/apimachinery';
import type {
  AllocatedDeviceStatus,
  Device,
  DeviceClassSpec,
  DeviceRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimStatus,
  ResourceSlice,
  ResourceSliceSpec,
} from '../gen/resource-v1.gen.ts';
import { deviceClasses } from './deviceclass.ts';
import { resourceClaims } from './resourceclaim.ts';
import { resourceClaimTemplates } from './resourceclaimtemplate.ts';
import { resourceSlices } from './resourceslice.ts';

const context = { now: Date.parse('2026-11-21T12:00:00Z'), subresource: '' };
const metadata = { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const texts = (errors: readonly FieldError[] | undefined): string[] =>
  (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
const shorten = (all: readonly string[]): string[] => all.map((text) => text.replace(/ \(e\.g\. .*/, ''));
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const exact = (name: string, fields: object = {}): DeviceRequest => ({
  name,
  exactly: { deviceClassName: 'c', allocationMode: 'ExactCount', count: 1, ...fields },
});
const claimSpec = (devices: ResourceClaimSpec['devices']): ResourceClaimSpec => ({ devices: devices! });
const claim = (devices: ResourceClaimSpec['devices'], status?: ResourceClaimStatus): ResourceClaim => ({
  metadata,
  spec: claimSpec(devices),
  ...(status ? { status } : {}),
});

describe('specs of claims', () => {
  const one = 'exactly one of `exactly` or `firstAvailable` is required';
  const reference =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const at = 'spec.devices.requests[0]';
  const rows: readonly [name: string, devices: ResourceClaimSpec['devices'], errors: string[]][] = [
    ['nothing', {}, []],
    ['a request', { requests: [exact('a')] }, []],
    ['a request for nothing', { requests: [{ name: 'a' }] }, [`${at}: Required value: ${one}`]],
    [
      'a request for two things',
      { requests: [{ ...exact('a'), firstAvailable: [{ name: 'b', deviceClassName: 'c' }] }] },
      [`${at}: Invalid value: null: ${one}, but multiple fields are set`],
    ],
    ['a bad name', { requests: [exact('A')] }, [`${at}.name: Invalid value: "A": ${LABEL}`]],
    ['the same name twice', { requests: [exact('a'), exact('a')] }, ['spec.devices.requests[1]: Duplicate value: "a"']],
    [
      'too many requests',
      { requests: times(33, (i) => exact(`a${i}`)) },
      ['spec.devices.requests: Too many: 33: must have at most 32 items'],
    ],
    [
      'no class',
      { requests: [exact('a', { deviceClassName: '' })] },
      [`${at}.exactly.deviceClassName: Required value`],
    ],
    [
      'no selector',
      { requests: [exact('a', { selectors: [{}] })] },
      [`${at}.exactly.selectors[0].cel: Required value`],
    ],
    [
      'a long selector',
      { requests: [exact('a', { selectors: [{ cel: { expression: 'x'.repeat(10241) } }] })] },
      [`${at}.exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`],
    ],
    [
      'a count of all',
      { requests: [exact('a', { allocationMode: 'All', count: 2 })] },
      [`${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
    ],
    [
      'a negative count',
      { requests: [exact('a', { count: -1 })] },
      [`${at}.exactly.count: Invalid value: -1: must be greater than zero`],
    ],
    [
      'an unknown mode',
      { requests: [exact('a', { allocationMode: 'Some' })] },
      [`${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`],
    ],
    [
      'a toleration without operator',
      { requests: [exact('a', { tolerations: [{ key: 'k', operator: '' }] })] },
      [`${at}.exactly.tolerations[0].operator: Required value`],
    ],
    [
      'a toleration of anything with a value',
      { requests: [exact('a', { tolerations: [{ operator: 'Exists', value: 'v' }] })] },
      [`${at}.exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\``],
    ],
    [
      'tolerations of unknown kinds',
      { requests: [exact('a', { tolerations: [{ operator: 'In', effect: 'x' }] })] },
      [
        `${at}.exactly.tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"`,
        `${at}.exactly.tolerations[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "None"`,
      ],
    ],
    [
      'the same subrequest twice',
      { requests: [{ name: 'a', firstAvailable: times(2, () => ({ ...exact('b').exactly!, name: 'b' })) }] },
      [`${at}.firstAvailable[1]: Duplicate value: "b"`],
    ],
    [
      'a constraint without attribute',
      { requests: [exact('a')], constraints: [{ requests: ['a'] }] },
      [
        'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
      ],
    ],
    [
      'a constraint with a plain attribute',
      { requests: [exact('a')], constraints: [{ matchAttribute: 'a' }] },
      [
        'spec.devices.constraints[0].matchAttribute: Invalid value: "a": a fully qualified name must be a domain and a name separated by a slash',
      ],
    ],
    ['an attribute with two slashes', { requests: [], constraints: [{ matchAttribute: 'a/b/c' }] }, []],
    [
      'a constraint of unknown requests',
      { requests: [exact('a')], constraints: [{ requests: ['b', 'a/b', 'a/b/c'], distinctAttribute: 'd/e' }] },
      [
        `spec.devices.constraints[0].requests[0]: Invalid value: "b": ${reference}`,
        `spec.devices.constraints[0].requests[1]: Invalid value: "a/b": ${reference}`,
        `spec.devices.constraints[0].requests[2]: Invalid value: "a/b/c": ${reference}`,
      ],
    ],
    ['configuration of nothing', { config: [{}] }, ['spec.devices.config[0].opaque: Required value']],
    [
      'parameters that are no object',
      { config: [{ opaque: { driver: 'd', parameters: [] as never } }] },
      ['spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object'],
    ],
    [
      'no driver and no parameters',
      { config: [{ opaque: {} as never }] },
      [
        'spec.devices.config[0].opaque.driver: Required value',
        'spec.devices.config[0].opaque.parameters: Required value',
      ],
    ],
  ];
  for (const [name, devices, errors] of rows) {
    it(name, () => {
      deepEqual(shorten(texts(resourceClaims.behaviour.validate?.(claim(devices), context))), errors);
      const template = { metadata, spec: { spec: claimSpec(devices) } };
      const prefixed = errors.map((text) => text.replace(/^spec\./, 'spec.spec.'));
      deepEqual(shorten(texts(resourceClaimTemplates.behaviour.validate?.(template, context))), prefixed);
    });
  }

  it('do not change', () => {
    const changed = claim({ requests: [exact('b')] });
    const [text] = texts(
      resourceClaims.behaviour.validateUpdate?.(changed, claim({ requests: [exact('a')] }), context),
    );
    deepEqual(text?.slice(0, 60), 'spec: Invalid value: {"Devices":{"Requests":[{"Name":"b","Ex');
    deepEqual(text?.endsWith('"Config":null}}: field is immutable'), true);
  });

  it('default to one device', () => {
    const draft = claim({ requests: [{ name: 'a', exactly: { deviceClassName: 'c', tolerations: [{ key: 'k' }] } }] });
    const copy = structuredClone(draft) as never;
    resourceClaims.behaviour.setDefaults?.(copy);
    const { requests } = (copy as ResourceClaim).spec.devices!;
    const tolerations = [{ key: 'k', operator: 'Equal' }];
    deepEqual(requests, [exact('a', { tolerations })]);
  });
});

describe('statuses of claims', () => {
  const result = { request: 'a', driver: 'd', pool: 'p', device: 'x' };
  const allocation = { devices: { results: [result] } };
  const device: AllocatedDeviceStatus = { driver: 'd', pool: 'p', device: 'x' };
  const devices = { requests: [exact('a')] };
  const consumer = { resource: 'pods', name: 'p', uid: 'u' };
  const rows: readonly [name: string, status: ResourceClaimStatus, old: ResourceClaimStatus, errors: string[]][] = [
    ['an allocation', { allocation, reservedFor: [consumer], devices: [device] }, {}, []],
    [
      'consumers of nothing',
      { reservedFor: [consumer] },
      {},
      ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
    ],
    [
      'consumers without names',
      { allocation, reservedFor: [{}] as never },
      {},
      ['resource', 'name', 'uid'].map((field) => `status.reservedFor[0].${field}: Required value`),
    ],
    [
      'the same consumer twice',
      { allocation, reservedFor: [consumer, consumer] },
      {},
      ['status.reservedFor[1]: Duplicate value: "u"'],
    ],
    [
      'an allocation of an unknown request',
      { allocation: { devices: { results: [{ ...result, request: 'b', pool: '' }] } } },
      {},
      [
        'status.allocation.devices.results[0].request: Invalid value: "b": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
        'status.allocation.devices.results[0].pool: Required value',
      ],
    ],
    [
      'configuration from nowhere',
      { allocation: { devices: { config: [{ source: 'x' as never, opaque: { driver: 'd', parameters: {} } }] } } },
      {},
      [
        'status.allocation.devices.config[0].source: Unsupported value: "x": supported values: "FromClaim", "FromClass"',
      ],
    ],
    ['an allocation that stays', { allocation }, { allocation }, []],
    [
      'a device that is not allocated',
      { devices: [device] },
      {},
      [
        'status.devices[0]: Invalid value: {"Driver":"d","Pool":"p","Device":"x","ShareID":""}: must be an allocated device in the claim',
      ],
    ],
    [
      'what is said of networks',
      { allocation, devices: [{ ...device, networkData: { ips: ['10.0.0.1', '10.0.0.1/024'] } }] },
      {},
      [
        'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
        'status.devices[0].networkData.ips[1]: Invalid value: "10.0.0.1/024": must be in canonical form ("10.0.0.1/24")',
      ],
    ],
    [
      'a condition with gaps',
      { allocation, devices: [{ ...device, conditions: [{ type: 'Ready', status: 'Yes' } as never] }] },
      {},
      [
        'status.devices[0].conditions[0].status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"',
        'status.devices[0].conditions[0].lastTransitionTime: Required value',
        'status.devices[0].conditions[0].reason: Required value',
      ],
    ],
    [
      'a share without an ID',
      { allocation: { devices: { results: [{ ...result, shareID: 'x' }] } } },
      {},
      [
        'status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
      ],
    ],
    [
      'a share with an ID in capitals',
      { allocation: { devices: { results: [{ ...result, shareID: 'A0A0A0A0-0000-4000-8000-000000000000' }] } } },
      {},
      [
        'status.allocation.devices.results[0].shareID: Invalid value: "A0A0A0A0-0000-4000-8000-000000000000": uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
      ],
    ],
  ];
  for (const [name, status, old, errors] of rows) {
    it(name, () => {
      const [after, before] = [claim(devices, status), claim(devices, old)];
      deepEqual(texts(resourceClaims.behaviour.validateStatusUpdate?.(after, before, context)), errors);
    });
  }

  it('gain no consumers while the claim is being deleted', () => {
    const going = { ...claim(devices, { allocation, reservedFor: [consumer] }) };
    const deleted = { ...going, metadata: { ...metadata, deletionTimestamp: '2026-11-21T00:00:00Z' } };
    deepEqual(
      texts(resourceClaims.behaviour.validateStatusUpdate?.(deleted, claim(devices, { allocation }), context)),
      [
        'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
      ],
    );
  });

  it('lose what was said of devices that are given back', () => {
    const draft = structuredClone(claim(devices, { devices: [device] })) as never;
    const old = claim(devices, { allocation, devices: [device] });
    resourceClaims.behaviour.prepareForUpdate?.(draft, old, { ...context, subresource: 'status' });
    deepEqual((draft as ResourceClaim).status, {});
  });
});

describe('selectors of devices', () => {
  const rows: readonly [expression: string, error: string | undefined][] = [
    ['device.driver == "d"', undefined],
    ['device.attributes["d"].model', undefined],
    ['device.capacity["d"].memory.isGreaterThan(quantity("1Gi"))', undefined],
    ['device.allowMultipleAllocations', undefined],
    ['device', 'must evaluate to bool or the unknown type, not kubernetes.DRADevice'],
    ['device.driver', 'must evaluate to bool or the unknown type, not string'],
    ['1', 'must evaluate to bool or the unknown type, not int'],
  ];
  for (const [expression, error] of rows) {
    it(expression, async () => {
      const deviceClass = { metadata, spec: { selectors: [{ cel: { expression } }] } };
      await deviceClasses.behaviour.load?.(deviceClass);
      const path = 'spec.selectors[0].cel.expression';
      const expected = error === undefined ? [] : [`${path}: Invalid value: ${JSON.stringify(expression)}: ${error}`];
      deepEqual(texts(deviceClasses.behaviour.validate?.(deviceClass, context)), expected);
    });
  }

  it('refer to nothing else', async () => {
    const deviceClass = { metadata, spec: { selectors: [{ cel: { expression: 'object.x' } }] } };
    await deviceClasses.behaviour.load?.(deviceClass);
    const [text = ''] = texts(deviceClasses.behaviour.validate?.(deviceClass, context));
    deepEqual(text.includes("compilation failed: ERROR: <input>:1:1: undeclared reference to 'object'"), true);
  });

  it('may not cost too much', async () => {
    const attribute =
      'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a < b))))';
    const deviceClass = { metadata, spec: { selectors: [{ cel: { expression: attribute } }] } };
    await deviceClasses.behaviour.load?.(deviceClass);
    deepEqual(texts(deviceClasses.behaviour.validate?.(deviceClass, context)), [
      'spec.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit',
    ]);
  });
});

describe('classes of devices', () => {
  const rows: readonly [name: string, spec: DeviceClassSpec, errors: string[]][] = [
    ['nothing', {}, []],
    ['a resource', { extendedResourceName: 'example.com/gpu' }, []],
    [
      'a resource without domain',
      { extendedResourceName: 'gpu' },
      ['spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name'],
    ],
    ['no expression', { selectors: [{}] }, ['spec.selectors[0].cel: Required value']],
    ['no configuration', { config: [{}] }, ['spec.config[0].opaque: Required value']],
  ];
  for (const [name, spec, errors] of rows) {
    it(name, () => deepEqual(texts(deviceClasses.behaviour.validate?.({ metadata, spec }, context)), errors));
  }

  it('keep parameters that were accepted when they were unlimited', () => {
    const config = [{ opaque: { driver: 'd', parameters: { a: 'x'.repeat(10 * 1024) } } }];
    const deviceClass = { metadata, spec: { config } };
    deepEqual(texts(deviceClasses.behaviour.validateUpdate?.(deviceClass, deviceClass, context)), []);
    deepEqual(texts(deviceClasses.behaviour.validate?.(deviceClass, context)), [
      'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
    ]);
  });
});

describe('slices', () => {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
  const slice = (spec: Partial<ResourceSliceSpec>): ResourceSlice => ({
    metadata,
    spec: { driver: 'd.example.com', nodeName: 'n', pool, ...spec },
  });
  const device = (fields: object = {}): Partial<ResourceSliceSpec> => ({
    devices: [{ name: 'd0', ...fields } as Device],
  });
  const capacity = (requestPolicy: object, value = '10'): Partial<ResourceSliceSpec> =>
    device({ allowMultipleAllocations: true, capacity: { c: { value, requestPolicy } } });
  const policy = 'spec.devices[0].capacity[c].requestPolicy';
  const nodes = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  const rows: readonly [name: string, spec: Partial<ResourceSliceSpec>, errors: string[]][] = [
    ['devices of a node', device(), []],
    ['no driver', { driver: '' }, ['spec.driver: Required value']],
    ['no pool', { pool: { ...pool, name: '' } }, ['spec.pool.name: Required value']],
    [
      'a pool without slices',
      { pool: { name: 'p', generation: -1, resourceSliceCount: 0 } },
      [
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      ],
    ],
    [
      'no node',
      { nodeName: '' },
      [
        'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
        `spec: Required value: ${nodes}`,
      ],
    ],
    [
      'two kinds of nodes',
      { allNodes: true },
      [`spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${nodes}, but multiple fields are set`],
    ],
    [
      'not all nodes',
      { allNodes: false },
      ['spec.allNodes: Invalid value: false: must be either unset or set to true'],
    ],
    [
      'counters and devices',
      { ...device(), sharedCounters: [{ name: 'a', counters: { m: { value: '1' } } }] },
      ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed'],
    ],
    [
      'counters without any',
      { sharedCounters: [{ name: 'a' } as never] },
      ['spec.sharedCounters[0].counters: Required value'],
    ],
    ['a device twice', { devices: [{ name: 'a' }, { name: 'a' }] }, ['spec.devices[1]: Duplicate value: "a"']],
    [
      'too many devices',
      { devices: times(129, (i) => ({ name: `d${i}` })) },
      ['spec.devices: Too many: 129: must have at most 128 items'],
    ],
    [
      'too many devices with taints',
      { devices: times(65, (i) => ({ name: `d${i}`, taints: [{ key: 'k', effect: 'None' as const }] })) },
      ['spec.devices: Too many: 65: must have at most 64 items'],
    ],
    [
      'an attribute of two types',
      device({ attributes: { a: { int: 1, bool: false } } }),
      [
        'spec.devices[0].attributes[a]: Invalid value: {"IntValue":1,"BoolValue":false,"StringValue":null,"VersionValue":null,"IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified',
      ],
    ],
    [
      'an attribute without value',
      device({ attributes: { a: {} } }),
      ['spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified'],
    ],
    [
      'a version that is none',
      device({ attributes: { a: { version: '1.0' } } }),
      [
        'spec.devices[0].attributes[a].version: Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0',
      ],
    ],
    [
      'a long attribute',
      device({ attributes: { a: { string: 'x'.repeat(65) } } }),
      ['spec.devices[0].attributes[a].string: Too long: may not be more than 64 bytes'],
    ],
    [
      'too many attributes',
      device({ attributes: Object.fromEntries(times(33, (i) => [`a${i}`, { int: i }])) }),
      ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32'],
    ],
    [
      'a policy for a device that is not shared',
      device({ capacity: { c: { value: '1', requestPolicy: {} } } }),
      [`${policy}: Forbidden: allowMultipleAllocations must be true`],
    ],
    [
      'two policies',
      capacity({ validValues: ['1'], validRange: { min: '1' } }),
      [
        `${policy}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`,
      ],
    ],
    [
      'values without a default',
      capacity({ validValues: ['1'] }),
      [`${policy}.default: Required value: required when validValues is defined`],
    ],
    [
      'values out of order, too large, and not the default',
      capacity({ default: '3', validValues: ['2', '1', '20'] }),
      [
        `${policy}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
        `${policy}.validValues[2]: Invalid value: "20": option is larger than capacity value: 10`,
        `${policy}.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
      ],
    ],
    [
      'a range without a minimum',
      capacity({ default: '3', validRange: {} }),
      [`${policy}.validRange.min: Required value: required when validRange is defined`],
    ],
    [
      'a range beyond the capacity',
      capacity({ default: '1', validRange: { min: '20', max: '15' } }),
      [
        `${policy}.validRange.min: Invalid value: "20": min is larger than capacity value: 10`,
        `${policy}.validRange.min: Invalid value: "1": default is less than min: 20`,
        `${policy}.validRange.max: Invalid value: "20": min is larger than max: 15`,
        `${policy}.validRange.max: Invalid value: "15": max is larger than capacity value: 10`,
      ],
    ],
    [
      'steps that do not fit',
      capacity({ default: '4', validRange: { min: '1', max: '6', step: '2' } }),
      [
        `${policy}.validRange.step: Invalid value: "4": value is not a multiple of a given step (2) from (1)`,
        `${policy}.validRange.step: Invalid value: "6": value is not a multiple of a given step (2) from (1)`,
      ],
    ],
    [
      'a taint without effect',
      device({ taints: [{ key: 'k' }] }),
      ['spec.devices[0].taints[0].effect: Required value'],
    ],
    [
      'counters of nothing',
      device({ consumesCounters: [{}] }),
      [
        'spec.devices[0].consumesCounters[0].counterSet: Required value',
        'spec.devices[0].consumesCounters[0].counters: Required value',
      ],
    ],
    [
      'a node for one device',
      device({ nodeName: 'n' }),
      [
        'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
      ],
    ],
    [
      'conditions of binding alone',
      device({ bindingConditions: ['a', 'a'] }),
      [
        'spec.devices[0].bindingConditions[1]: Duplicate value: "a"',
        'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
      ],
    ],
    [
      'conditions that mean both',
      device({ bindingConditions: ['a'], bindingFailureConditions: ['a'] }),
      [
        'spec.devices[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
      ],
    ],
  ];
  for (const [name, spec, errors] of rows) {
    it(name, () => deepEqual(texts(resourceSlices.behaviour.validate?.(slice(spec), context)), errors));
  }

  it('stay with their driver, pool and node', () => {
    const changed = slice({ driver: 'e', nodeName: 'm', pool: { ...pool, name: 'q' } });
    deepEqual(texts(resourceSlices.behaviour.validateUpdate?.(changed, slice({}), context)), [
      'spec.pool.name: Invalid value: "q": field is immutable',
      'spec.driver: Invalid value: "e": field is immutable',
      'spec.nodeName: Invalid value: "m": field is immutable',
    ]);
  });

  it('know since when devices are tainted, and nothing of lists', () => {
    const attributes = { a: { ints: [1] }, b: { int: 1 } };
    const draft = structuredClone(slice(device({ attributes, taints: [{ key: 'k', effect: 'None' }] }))) as never;
    resourceSlices.behaviour.prepareForCreate?.(draft, context);
    const [prepared] = (draft as ResourceSlice).spec.devices!;
    deepEqual(prepared?.taints?.[0]?.timeAdded, '2026-11-21T12:00:00Z');
    deepEqual(prepared?.attributes, { a: {}, b: { int: 1 } });
  });

  it('warn of drivers in capitals', () => {
    deepEqual(resourceSlices.behaviour.warnings?.(slice({ driver: 'D' }), undefined), [
      'spec.driver: driver names should be lowercase; "D" contains uppercase characters',
    ]);
  });
});

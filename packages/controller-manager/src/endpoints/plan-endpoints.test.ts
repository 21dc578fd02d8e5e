import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Endpoints, EndpointSubset, Pod, Service, ServiceSpec } from '@kts/api/types/core-v1';

import { podOn } from '../nodes/testing/node-objects.ts';
import { planEndpoints, type EndpointsPlan } from './plan-endpoints.ts';
import { endpointsOfPodChanged, findPort } from './pod-endpoints.ts';
import { repackSubsets } from './repack-subsets.ts';
import { TriggerTimes } from './trigger-times.ts';

const { metadata } = podOn({ name: 'web' });
const PORT = { port: 80, targetPort: 8080, protocol: 'TCP' } as const;

const service = (spec: Partial<ServiceSpec> = {}, labels?: Readonly<Record<string, string>>): Service => ({
  metadata: { ...metadata, namespace: 'default', ...(labels ? { labels } : {}) },
  spec: { clusterIP: '10.96.0.1', ports: [PORT], selector: { app: 'web' }, ...spec },
});

interface PodFields {
  readonly ips?: readonly string[];
  readonly ready?: boolean;
  readonly phase?: 'Running' | 'Failed';
  readonly deleted?: boolean;
  readonly since?: string;
}

function pod(
  name: string,
  { ips = [`10.0.0.${name.length}`], ready = true, phase = 'Running', deleted = false, since }: PodFields = {},
): Pod {
  const base = podOn({ name, node: 'one', phase, isDeleted: deleted });
  const [podIP] = ips;
  return {
    ...base,
    status: {
      ...base.status,
      ...(podIP === undefined ? {} : { podIP }),
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', ...(since ? { lastTransitionTime: since } : {}) },
      ],
    },
  };
}

const subsetsOf = (plan: EndpointsPlan): readonly EndpointSubset[] =>
  plan.do === 'nothing' ? [] : (plan.endpoints.subsets ?? []);

/** `10.0.0.1 !10.0.0.2 :8080`: ready addresses, others, ports (whose order is that of their hashes). */
const shown = (subsets: readonly EndpointSubset[]): string =>
  subsets
    .map(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
      [
        ...addresses.map(({ ip }) => ip),
        ...notReadyAddresses.map(({ ip }) => `!${ip}`),
        `:${ports
          .map(({ port }) => port)
          .toSorted((a, b) => a - b)
          .join()}`,
      ].join(' '),
    )
    .join('; ');

describe('planEndpoints', () => {
  const plan = (pods: readonly Pod[], spec: Partial<ServiceSpec> = {}): string =>
    shown(subsetsOf(planEndpoints({ service: service(spec), pods, present: undefined })));
  const two = ['10.0.0.1', 'fd00::1'];
  for (const [name, actual, expected] of [
    ['ready ones', plan([pod('a'), pod('bb')]), '10.0.0.1 10.0.0.2 :8080'],
    ['one that is not', plan([pod('a'), pod('bb', { ready: false })]), '10.0.0.1 !10.0.0.2 :8080'],
    [
      'one that is not, published',
      plan([pod('bb', { ready: false })], { publishNotReadyAddresses: true }),
      '10.0.0.2 :8080',
    ],
    ['one without an address', plan([pod('a', { ips: [] })]), ''],
    ['one that has ended', plan([pod('a', { phase: 'Failed' })]), ''],
    ['one that is being deleted', plan([pod('a', { deleted: true })]), ''],
    [
      'one that is being deleted, published',
      plan([pod('a', { deleted: true })], { publishNotReadyAddresses: true }),
      '10.0.0.1 :8080',
    ],
    ['the first family', plan([pod('a', { ips: two })], { ipFamilies: ['IPv6', 'IPv4'] }), 'fd00::1 :8080'],
    ["the Service's own family", plan([pod('a', { ips: two })], { clusterIP: 'fd00::10' }), 'fd00::1 :8080'],
    ['the other family only', plan([pod('a', { ips: ['fd00::1'] })]), ''],
    [
      'two ports',
      plan([pod('a')], {
        ports: [
          { ...PORT, name: 'a' },
          { ...PORT, name: 'b', targetPort: 81 },
        ],
      }),
      '10.0.0.1 :81,8080',
    ],
    ['a name that no container has', plan([pod('a')], { ports: [{ ...PORT, targetPort: 'http' }] }), ''],
    ['headless without ports', plan([pod('a')], { clusterIP: 'None', ports: [] }), '10.0.0.1 :'],
    ['no ports', plan([pod('a')], { ports: [] }), ''],
  ] as const) {
    it(`${name}: ${expected || 'none'}`, () => assert.equal(actual, expected));
  }

  const present = (pods: readonly Pod[]): Endpoints => {
    const made = planEndpoints({ service: service(), pods, present: undefined });
    assert.ok(made.do === 'create');
    return {
      ...made.endpoints,
      metadata: { ...metadata, ...made.endpoints.metadata, name: 'web', namespace: 'default' },
    };
  };
  const again = (now: Service, pods: readonly Pod[], before: Endpoints): string =>
    planEndpoints({ service: now, pods, present: before }).do;
  const before = present([pod('a')]);
  for (const [name, actual, expected] of [
    ['nothing has changed', again(service(), [pod('a')], before), 'nothing'],
    ['another pod', again(service(), [pod('a'), pod('bb')], before), 'update'],
    ['another label', again(service({}, { l: '1' }), [pod('a')], before), 'update'],
    ['it has become headless', again(service({ clusterIP: 'None' }), [pod('a')], before), 'nothing'],
    [
      'somebody wrote versions of pods',
      again(service(), [pod('a')], { ...before, subsets: withVersions(before) }),
      'nothing',
    ],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(actual, expected));
  }

  it('cuts what one object cannot hold, ready addresses last', () => {
    const many = Array.from({ length: 1100 }, (_, index) =>
      pod(`p${index}`, { ips: [`10.1.${index >> 8}.${index & 255}`], ready: index >= 200 }),
    );
    const plan2 = planEndpoints({ service: service(), pods: many, present: undefined });
    const [subset] = subsetsOf(plan2);
    assert.deepEqual([subset?.addresses?.length, subset?.notReadyAddresses?.length], [900, 100]);
    assert.ok(plan2.do === 'create');
    assert.equal(plan2.endpoints.metadata.annotations?.['endpoints.kubernetes.io/over-capacity'], 'truncated');
  });
});

function withVersions({ subsets = [] }: Endpoints): readonly EndpointSubset[] {
  return subsets.map(({ addresses = [], ...rest }) => ({
    ...rest,
    addresses: addresses.map((address) => ({ ...address, targetRef: { ...address.targetRef, resourceVersion: '7' } })),
  }));
}

describe('repackSubsets', () => {
  const of = (ips: readonly string[], port: number, notReady: readonly string[] = []): EndpointSubset => ({
    addresses: ips.map((ip) => ({ ip })),
    notReadyAddresses: notReady.map((ip) => ({ ip })),
    ports: [{ port, protocol: 'TCP' }],
  });
  for (const [name, subsets, expected] of [
    ['joins addresses of the same ports', [of(['a'], 1), of(['b'], 1)], 'a b :1'],
    ['joins ports of the same addresses', [of(['a'], 1), of(['a'], 2)], 'a :1,2'],
    ['keeps others apart', [of(['a', 'b'], 1), of(['a'], 2)], 'a b :1; a :2'],
    ['sorts', [of(['b', 'a'], 2), of(['c'], 1)], 'c :1; a b :2'],
    ['once not ready is not ready', [of(['a'], 1), of([], 1, ['a'])], '!a :1'],
    ['takes doubles once', [of(['a', 'a'], 1)], 'a :1'],
  ] as const) {
    it(name, () => assert.equal(shown(repackSubsets(subsets)), expected));
  }
});

describe('findPort', () => {
  const base = podOn({ name: 'web' });
  const container = {
    name: 'main',
    ports: [
      { name: 'http', containerPort: 8080 },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ],
  } as const;
  const sidecar = { name: 'side', restartPolicy: 'Always', ports: [{ name: 'admin', containerPort: 9 }] } as const;
  const starter = { name: 'init', ports: [{ name: 'once', containerPort: 1 }] } as const;
  const web: Pod = { ...base, spec: { containers: [container], initContainers: [sidecar, starter] } };
  for (const [targetPort, protocol, expected] of [
    [81, 'TCP', 81],
    ['http', 'TCP', 8080],
    ['http', 'UDP', undefined],
    ['dns', 'UDP', 53],
    ['admin', 'TCP', 9],
    ['once', 'TCP', undefined],
    ['nope', 'TCP', undefined],
  ] as const) {
    it(`${targetPort}/${protocol}: ${expected}`, () =>
      assert.equal(findPort(web, { port: 80, targetPort, protocol }), expected));
  }
});

describe('endpointsOfPodChanged', () => {
  const before = pod('a');
  for (const [name, after, expected] of [
    ['the same', { ...before }, false],
    ['not ready any more', pod('a', { ready: false }), true],
    ['another address', pod('a', { ips: ['10.9.9.9'] }), true],
    ['ended', pod('a', { phase: 'Failed' }), true],
    ['being deleted', pod('a', { deleted: true }), true],
    ['a label', { ...before, metadata: { ...before.metadata, labels: { l: '1' } } }, true],
    ['an annotation', { ...before, metadata: { ...before.metadata, annotations: { a: '1' } } }, false],
  ] as const) {
    it(`${name}: ${expected}`, () => assert.equal(endpointsOfPodChanged(before, after), expected));
  }
});

describe('TriggerTimes', () => {
  const times = new TriggerTimes();
  const stamp = (pods: readonly Pod[]): string | undefined =>
    times.annotate(service(), pods)({ annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 'old' } })
      .annotations?.['endpoints.kubernetes.io/last-change-trigger-time'];
  const at = (since: string): Pod => pod('a', { since });
  for (const [name, pods, expected] of [
    ['the Service itself at first', [at('2026-01-01T11:00:00Z')], '2026-01-01T12:00:00Z'],
    ['nothing new', [at('2026-01-01T11:00:00Z')], undefined],
    ['a change', [at('2026-01-01T13:00:00Z')], '2026-01-01T13:00:00Z'],
    [
      'the earliest of several',
      [at('2026-01-01T15:00:00Z'), pod('bb', { since: '2026-01-01T14:00:00Z' })],
      '2026-01-01T14:00:00Z',
    ],
  ] as const) {
    it(name, () => assert.equal(stamp(pods), expected));
  }
  it('starts over once it has forgotten', () => {
    times.forget(service().metadata);
    assert.equal(stamp([at('2026-01-01T15:00:00Z')]), '2026-01-01T12:00:00Z');
  });
});

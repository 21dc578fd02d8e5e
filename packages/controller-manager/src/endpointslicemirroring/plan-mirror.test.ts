import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { endpoints as endpointsType, endpointSlices, services } from '@kts/api';
import type { Endpoints, EndpointSubset } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import type { New } from '@kts/apimachinery';

import { startControllers, type ControllerHarness } from '../testing/controller-harness.ts';
import { MIRROR_MANAGER, planMirror, type MirrorPlan } from './plan-mirror.ts';

const meta = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
const PORT = { name: 'http', port: 80, protocol: 'TCP' } as const;

const subset = (ips: readonly string[], fields: Partial<EndpointSubset> = {}): EndpointSubset => ({
  addresses: ips.map((ip) => ({ ip })),
  ports: [PORT],
  ...fields,
});

const endpointsOf = (subsets: readonly EndpointSubset[], fields: Partial<Endpoints['metadata']> = {}): Endpoints => ({
  metadata: { name: 'web', namespace: 'default', ...meta, ...fields },
  subsets,
});

let serial = 0;
const made = (slice: New<EndpointSlice>): EndpointSlice =>
  ({ ...slice, metadata: { ...slice.metadata, ...meta, name: `s${serial++}`, uid: `s${serial}` } }) as EndpointSlice;

const plan = (endpoints: Endpoints, slices: readonly EndpointSlice[] = [], addressesPerSubsetMax = 1000): MirrorPlan =>
  planMirror({ endpoints, slices, addressesPerSubsetMax });

/** The slices that there are after the plan. */
function after(endpoints: Endpoints, slices: readonly EndpointSlice[] = []): readonly EndpointSlice[] {
  const { create, update, delete: gone } = plan(endpoints, slices);
  const kept = slices.filter((slice) => !gone.includes(slice));
  const updated = kept.map((slice) => update.find(({ metadata }) => metadata.name === slice.metadata.name) ?? slice);
  return [...updated, ...create.map(made)];
}

const shown = (slices: readonly EndpointSlice[]): readonly string[] =>
  slices
    .map(({ addressType, endpoints = [], ports }) => {
      const addresses = (endpoints ?? []).map((each) => `${each.addresses.join()}${each.conditions?.ready ? '' : '!'}`);
      return `${addressType} ${addresses.join(' ')} :${(ports ?? []).map(({ port }) => port).join()}`;
    })
    .toSorted((a, b) => (a < b ? -1 : 1));

describe('planMirror', () => {
  for (const [name, subsets, expected] of [
    ['nothing', [], []],
    ['one subset', [subset(['10.0.0.1', '10.0.0.2'])], ['IPv4 10.0.0.1 10.0.0.2 :80']],
    ['not ready', [subset([], { notReadyAddresses: [{ ip: '10.0.0.1' }] })], ['IPv4 10.0.0.1! :80']],
    ['both families', [subset(['10.0.0.1', 'fd00::1'])], ['IPv4 10.0.0.1 :80', 'IPv6 fd00::1 :80']],
    [
      'two ports',
      [subset(['10.0.0.1']), subset(['10.0.0.2'], { ports: [{ ...PORT, port: 81 }] })],
      ['IPv4 10.0.0.1 :80', 'IPv4 10.0.0.2 :81'],
    ],
    ['the same ports twice', [subset(['10.0.0.1']), subset(['10.0.0.2'])], ['IPv4 10.0.0.1 10.0.0.2 :80']],
  ] as const) {
    it(`mirrors ${name}`, () => {
      const slices = after(endpointsOf(subsets));
      assert.deepEqual(shown(slices), expected);
      const again = plan(endpointsOf(subsets), slices);
      assert.deepEqual([again.create, again.update, again.delete], [[], [], []]);
    });
  }

  it('says whose it is, and takes labels and annotations over', () => {
    const [slice] = after(
      endpointsOf([subset(['10.0.0.1'])], {
        labels: { l: '1' },
        annotations: { a: '2', 'endpoints.kubernetes.io/last-change-trigger-time': 'x' },
      }),
    );
    assert.deepEqual(slice?.metadata.labels, {
      l: '1',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': MIRROR_MANAGER,
    });
    assert.deepEqual(slice.metadata.annotations, { a: '2' });
    assert.equal(slice.metadata.ownerReferences?.[0]?.kind, 'Endpoints');
  });

  const before = after(endpointsOf([subset(['10.0.0.1'])]));
  for (const [name, changed, counts] of [
    ['another address', endpointsOf([subset(['10.0.0.2'])]), '0 1 0'],
    ['another label', endpointsOf([subset(['10.0.0.1'])], { labels: { l: '1' } }), '0 1 0'],
    ['made anew', endpointsOf([subset(['10.0.0.1'])], { uid: 'other' }), '0 1 0'],
    ['another port', endpointsOf([subset(['10.0.0.1'], { ports: [{ ...PORT, port: 81 }] })]), '0 1 0'],
    ['another family', endpointsOf([subset(['fd00::1'])]), '1 0 1'],
    ['nothing left', endpointsOf([]), '0 0 1'],
  ] as const) {
    it(`follows ${name}`, () => {
      const { create, update, delete: gone } = plan(changed, before);
      assert.equal([create.length, update.length, gone.length].join(' '), counts);
    });
  }

  it('leaves out what is too much, and says how much', () => {
    const { create, skipped } = plan(endpointsOf([subset(['10.0.0.1', '10.0.0.2', '10.0.0.3'])]), [], 2);
    assert.deepEqual([create[0]?.endpoints?.length, skipped], [2, 1]);
  });
});

describe('the mirroring controller', () => {
  const KEY = { namespace: 'default', name: 'web' };

  async function start(selector?: Readonly<Record<string, string>>): Promise<ControllerHarness> {
    const cluster = await startControllers(['endpointslice-mirroring-controller', 'garbage-collector-controller']);
    await cluster.client.create(services, {
      metadata: KEY,
      spec: { ports: [{ port: 80 }], ...(selector ? { selector } : {}) },
    });
    await cluster.client.create(endpointsType, { metadata: KEY, subsets: [subset(['10.0.0.1'])] });
    await cluster.settle();
    return cluster;
  }

  const slices = async ({ client }: ControllerHarness): Promise<readonly string[]> =>
    shown((await client.list(endpointSlices, { namespace: 'default' })).items);

  it('follows Endpoints until they are deleted', async () => {
    await using cluster = await start();
    assert.deepEqual(await slices(cluster), ['IPv4 10.0.0.1 :80']);
    const endpoints = await cluster.client.get(endpointsType, KEY);
    await cluster.client.update(endpointsType, { ...endpoints, subsets: [subset(['10.0.0.7'])] });
    await cluster.settle();
    assert.deepEqual(await slices(cluster), ['IPv4 10.0.0.7 :80']);
    await cluster.client.delete(endpointsType, KEY);
    await cluster.settle();
    assert.deepEqual(await slices(cluster), []);
  });

  it('leaves Endpoints alone that a controller keeps', async () => {
    await using cluster = await start({ app: 'web' });
    assert.deepEqual(await slices(cluster), []);
  });
});

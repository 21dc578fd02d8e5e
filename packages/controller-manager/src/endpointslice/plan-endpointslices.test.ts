import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Node, Pod, Service } from '@kts/api/types/core-v1';
import type { EndpointSlice } from '@kts/api/types/discovery-v1';
import type { New } from '@kts/apimachinery';
import fc from 'fast-check';

import { planEndpointSlices, type Observed, type SlicePlan } from './plan-endpointslices.ts';

const metadata = (name: string): Service['metadata'] => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
});

const service: Service = {
  metadata: metadata('web'),
  spec: { clusterIP: '10.96.0.9', ipFamilies: ['IPv4'], ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] },
};
const nodes: ReadonlyMap<string, Node> = new Map([['n1', { metadata: metadata('n1'), spec: {} }]]);

function pod(number: number, ready = true, nodeName = 'n1'): Pod {
  const ip = `10.0.${number >> 8}.${number & 255}`;
  return {
    metadata: metadata(`pod-${number}`),
    spec: { containers: [], nodeName },
    status: {
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function plan(fields: Partial<Observed>): SlicePlan {
  return planEndpointSlices({ service, pods: [], nodes, slices: [], endpointsPerSliceMax: 3, ...fields });
}

/** What the server makes of a plan. */
function applied(
  slices: readonly EndpointSlice[],
  { create, update, delete: gone }: SlicePlan,
  next: () => number,
): readonly EndpointSlice[] {
  const removed = new Set(gone.map(({ metadata: { name } }) => name));
  const updated = new Map(update.map((slice) => [slice.metadata.name, slice]));
  const created = create.map((slice: New<EndpointSlice>): EndpointSlice => ({
    ...slice,
    metadata: { ...metadata(`slice-${next()}`), ...slice.metadata } as EndpointSlice['metadata'],
  }));
  return [
    ...slices
      .filter((slice) => !removed.has(slice.metadata.name))
      .map((slice) => updated.get(slice.metadata.name) ?? slice),
    ...created,
  ];
}

const sizes = (slices: readonly Pick<EndpointSlice, 'endpoints'>[]): readonly number[] =>
  slices.map(({ endpoints }) => endpoints?.length ?? 0);

describe('planEndpointSlices', () => {
  it('makes an empty slice for a Service without pods', () => {
    const { create, ...rest } = plan({});
    assert.deepEqual([sizes(create), rest], [[0], { update: [], delete: [], errors: [] }]);
  });

  it('fills slices up to their limit', () => {
    assert.deepEqual(sizes(plan({ pods: [1, 2, 3, 4].map((each) => pod(each)) }).create), [3, 1]);
  });

  it('leaves pods out whose node is not there, and says so', () => {
    const { errors } = plan({ pods: [pod(1, true, 'gone')] });
    assert.deepEqual(errors, ['skipping Pod pod-1 for Service default/web: Node gone Not Found']);
  });

  it('gives hints where the Service asks to stay close', () => {
    const zoned: Node = { metadata: { ...metadata('n1'), labels: { 'topology.kubernetes.io/zone': 'z' } }, spec: {} };
    const close = { ...service, spec: { ...service.spec, trafficDistribution: 'PreferSameNode' } };
    const { create } = plan({ service: close, pods: [pod(1), pod(2, false)], nodes: new Map([['n1', zoned]]) });
    assert.deepEqual(
      create[0]?.endpoints?.map(({ hints }) => hints),
      [{ forZones: [{ name: 'z' }], forNodes: [{ name: 'n1' }] }, undefined],
    );
  });

  it('shows every pod once, whatever happens, and has nothing to do then', () => {
    const rounds = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 20 })), { maxLength: 6 });
    fc.assert(
      fc.property(rounds, (changes) => {
        let slices: readonly EndpointSlice[] = [];
        let count = 0;
        for (const numbers of changes) {
          const pods = numbers.map((number) => pod(number, number % 3 !== 0));
          slices = applied(slices, plan({ pods, slices }), () => count++);
          const shown = slices.flatMap(({ endpoints = [] }) => endpoints.map(({ targetRef }) => targetRef?.name));
          assert.deepEqual(new Set(shown), new Set(pods.map(({ metadata: { name } }) => name)));
          assert.equal(shown.length, pods.length);
          assert.ok(sizes(slices).every((size) => size <= 3));
          assert.deepEqual(plan({ pods, slices }), { create: [], update: [], delete: [], errors: [] });
        }
      }),
    );
  });
});

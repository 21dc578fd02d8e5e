import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Node } from '@kts/api/types/core-v1';
import type { Endpoint, EndpointSlice } from '@kts/api/types/discovery-v1';

import { isOverloaded, planTopologyHints, zoneShares, type TopologyPlan } from './topology-hints.ts';

const created = { uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

/** `zone cpu`, or with a third word that is no ready worker. */
function node(text: string): Node {
  const [zone = '', cpu = '', kind] = text.split(' ');
  return {
    metadata: {
      ...created,
      name: text,
      labels: {
        ...(zone === '-' ? {} : { 'topology.kubernetes.io/zone': zone }),
        ...(kind === 'control-plane' ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: {},
    status: {
      allocatable: cpu === '-' ? {} : { cpu },
      conditions: [{ type: 'Ready', status: kind === 'unready' ? 'False' : 'True' }],
    },
  };
}

/** `a`: in that zone; `a>b`: with a hint; `-`: in none; `!a`: not ready. */
function slice(name: string, endpoints: string): EndpointSlice {
  return {
    metadata: { ...created, name, namespace: 'default' },
    addressType: 'IPv4',
    ports: [],
    endpoints: endpoints.split(' ').map((text, index): Endpoint => {
      const [zone = '', hint] = text.replace('!', '').split('>');
      return {
        addresses: [`10.0.0.${index}`],
        conditions: { ready: !text.startsWith('!') },
        ...(zone === '-' ? {} : { zone }),
        ...(hint ? { hints: { forZones: [{ name: hint }] } } : {}),
      };
    }),
  };
}

const show = (slices: TopologyPlan['create']): readonly string[] =>
  slices.map(({ endpoints = [] }) =>
    endpoints!.map(({ zone = '-', hints }) => `${zone}${hints ? `>${hints.forZones![0]!.name}` : ''}`).join(' '),
  );

describe('zoneShares', () => {
  const rows: [string, readonly string[], Record<string, number> | undefined][] = [
    ['by processors', ['a 2', 'a 1', 'b 1000m'], { a: 0.75, b: 0.25 }],
    ['without nodes that take no pods', ['a 1', 'b 1', 'b 6 unready', 'c 8 control-plane'], { a: 0.5, b: 0.5 }],
    ['none for one zone', ['a 2', 'a 1'], undefined],
    ['none if a zone is not known', ['a 2', 'b 1', '- 1'], undefined],
    ['none if processors are not known', ['a 2', 'b 1', 'c -'], undefined],
    ['none without nodes', [], undefined],
  ];
  for (const [name, nodes, expected] of rows) {
    it(name, () => {
      const shares = zoneShares(nodes.map(node));
      assert.deepEqual(shares && Object.fromEntries(shares), expected);
    });
  }
});

describe('planTopologyHints', () => {
  const even = new Map([
    ['a', 0.5],
    ['b', 0.5],
  ]);
  const uneven = new Map([
    ['a', 0.75],
    ['b', 0.25],
  ]);
  const rows: [
    name: string,
    shares: ReadonlyMap<string, number> | undefined,
    unchanged: readonly string[],
    update: readonly string[],
    outcome: Record<string, number> | string,
  ][] = [
    ['its own zone', even, ['a b'], ['a>a b>b'], { a: 1, b: 1 }],
    ['nothing where all is well', even, ['a>a b>b'], [], { a: 1, b: 1 }],
    ['a zone that has too few', even, ['a a a a'], ['a>b a>b a>a a>a'], { a: 2, b: 2 }],
    [
      'none where a share is less than an endpoint',
      even,
      ['a>a a>a a>b'],
      ['a a a'],
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
    ],
    ['a zone with more processors', uneven, ['a a b b'], ['a>a a>a b>a b>b'], { a: 3, b: 1 }],
    ['a zone that has no nodes any more', even, ['a>a b>c b>b a>a'], ['a>a b>b b>b a>a'], { a: 2, b: 2 }],
    ['ready endpoints only', even, ['a b !a'], ['a>a b>b a'], { a: 1, b: 1 }],
    ['only slices that do not fit', even, ['a>a b>b', 'a b'], ['a>a b>b'], { a: 2, b: 2 }],
    [
      'none without shares',
      undefined,
      ['a>a b>b', 'a'],
      ['a b'],
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    ],
    ['none for few endpoints', even, ['a>a'], ['a'], 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
    ['none without zones', even, ['a -'], [], 'One or more endpoints do not have a zone specified'],
    [
      'none where zones cannot be served evenly',
      new Map([
        ['a', 0.45],
        ['b', 0.45],
        ['c', 0.1],
      ]),
      ['a>a b>b c>c'],
      ['a b c'],
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)',
    ],
  ];
  for (const [name, shares, unchanged, update, outcome] of rows) {
    it(`gives endpoints hints for ${name}`, () => {
      const slices = unchanged.map((text, index) => slice(`s${index}`, text));
      const plan = planTopologyHints({ create: [], update: [], unchanged: slices }, shares);
      assert.deepEqual(show(plan.update), update);
      assert.deepEqual(typeof plan.outcome === 'string' ? plan.outcome : Object.fromEntries(plan.outcome), outcome);
    });
  }

  it('gives hints to slices that are new or change', () => {
    const parts = { create: [slice('new', 'a b')], update: [slice('old', 'b a')], unchanged: [] };
    const plan = planTopologyHints(parts, even);
    assert.deepEqual([show(plan.create), show(plan.update)], [['a>a b>b'], ['b>b a>a']]);
  });
});

it('zones with too few endpoints for their share are found', () => {
  const rows: [Record<string, number>, Record<string, number> | undefined, boolean][] = [
    [{}, { a: 1 }, false],
    [{ a: 2, b: 2 }, { a: 0.5, b: 0.5 }, false],
    [{ a: 2, b: 2 }, { a: 0.6, b: 0.4 }, false],
    [{ a: 2, b: 2 }, { a: 0.8, b: 0.2 }, true],
    [{ a: 4 }, { a: 0.9, b: 0.1 }, true],
    [{ a: 1 }, undefined, true],
  ];
  for (const [counts, shares, expected] of rows) {
    const known = shares && new Map(Object.entries(shares));
    assert.equal(isOverloaded(new Map(Object.entries(counts)), known), expected, JSON.stringify([counts, shares]));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Taint } from '@kts/api/types/core-v1';

import { toleratesTaint, zoneOf } from './node-state.ts';
import { changedTaints } from './node-taints.ts';
import { node } from './testing/node-objects.ts';

const A: Taint = { key: 'a', effect: 'NoExecute' };
const B: Taint = { key: 'b', effect: 'NoSchedule' };

describe('changedTaints', () => {
  for (const [name, before, add, remove, after] of [
    ['adds at the end', [A], [B], [], [A, B]],
    ['removes', [A, B], [], [A], [B]],
    ['puts a changed one in its place', [A, B], [{ ...A, value: 'x' }], [], [{ ...A, value: 'x' }, B]],
    ['swaps', [A], [B], [A], [B]],
  ] as const) {
    it(name, () => assert.deepEqual(changedTaints(node({ taints: before }), add, remove), after));
  }

  it('gives back the same list if nothing changes', () => {
    const same = node({ taints: [A] });
    assert.equal(changedTaints(same, [A], [B]), same.spec?.taints);
  });
});

describe('toleratesTaint', () => {
  for (const [name, toleration, tolerates] of [
    ['everything', { operator: 'Exists' }, true],
    ['its key', { key: 'a', operator: 'Exists' }, true],
    ['another effect', { key: 'a', operator: 'Exists', effect: 'NoSchedule' }, false],
    ['another key', { key: 'b', operator: 'Exists' }, false],
    ['its value', { key: 'a', value: 'x' }, true],
    ['another value', { key: 'a', operator: 'Equal', value: 'y' }, false],
  ] as const) {
    it(`${name}: ${tolerates}`, () => assert.equal(toleratesTaint(toleration, { ...A, value: 'x' }), tolerates));
  }
});

describe('zoneOf', () => {
  it('is unique within all regions', () => {
    const labels = { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' };
    assert.equal(zoneOf(node({ labels })), 'r:\0:z');
    assert.equal(zoneOf(node()), '');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@kts/base';
import fc from 'fast-check';
import { SortedKeys } from './sorted-keys.ts';

describe('SortedKeys', () => {
  it('answers as a sorted array does, through splits and joins of chunks', () => {
    const random = seededRandom(1);
    const sorted = new SortedKeys();
    const model = new Set<string>();
    for (const [count, share] of [
      [6_000, 0.9],
      [9_000, 0.1],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const key = `/${random.integer(20_000)}`;
        if (random.next() < share) {
          if (!model.has(key)) sorted.add(key);
          model.add(key);
        } else if (model.delete(key)) sorted.delete(key);
      }
      const all = [...model].toSorted();
      assert.deepEqual(sorted.range('', undefined, Infinity), all);
      assert.equal(sorted.count(''), all.length);
      for (let i = 0; i < 200; i++) {
        const [start, end] = [`/${random.integer(20_000)}`, `/${random.integer(20_000)}`].toSorted() as [
          string,
          string,
        ];
        const within = all.filter((key) => key >= start && key < end);
        assert.deepEqual(sorted.range(start, end, 700), within.slice(0, 700));
        assert.equal(sorted.count(start, end), within.length);
      }
    }
  });

  it('orders any strings', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (keys) => {
        const sorted = new SortedKeys();
        for (const key of keys) sorted.add(key);
        assert.deepEqual(sorted.range('', undefined, Infinity), keys.toSorted());
      }),
    );
  });

  it('is empty after its last key is deleted', () => {
    const sorted = new SortedKeys();
    sorted.add('/a');
    sorted.delete('/a');
    assert.deepEqual(sorted.range('', undefined, 10), []);
    assert.equal(sorted.count(''), 0);
  });
});

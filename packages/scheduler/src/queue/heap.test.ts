import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';

describe('Heap', () => {
  it('gives back the least of what was set last and not deleted', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 20 }), rank: fc.option(fc.integer()) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const heap = new Heap<{ readonly key: string; readonly rank: number }>(
          ({ key }) => key,
          (one, other) => one.rank < other.rank,
        );
        const model = new Map<string, number>();
        for (const { key, rank } of steps) {
          if (rank === null) assert.equal(heap.delete(String(key)), model.delete(String(key)));
          else {
            heap.set({ key: String(key), rank });
            model.set(String(key), rank);
          }
        }
        const ranks = [...model.values()].sort((one, other) => one - other);
        assert.deepEqual(
          ranks.map(() => heap.pop()?.rank),
          ranks,
        );
        assert.equal(heap.pop(), undefined);
      }),
    );
  });
});

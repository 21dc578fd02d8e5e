import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import {
  countCommonIndexes,
  countIndexes,
  firstMissingIndexes,
  formatIndexIntervals,
  hasIndex,
  parseIndexIntervals,
  withIndexes,
} from './job-indexes.ts';

const indexes = fc.uniqueArray(fc.integer({ min: 0, max: 40 }));

describe('index intervals', () => {
  for (const [set, text] of [
    [[], ''],
    [[3], '3'],
    [[1, 2], '1,2'],
    [[1, 2, 3, 7], '1-3,7'],
  ] as const) {
    it(`writes ${JSON.stringify(set)} as '${text}'`, () => {
      assert.equal(formatIndexIntervals(withIndexes([], set)), text);
    });
  }

  it('leaves out what it cannot read and what is too large', () => {
    assert.deepEqual(parseIndexIntervals('1,x,3-9,20', 6), [
      [1, 1],
      [3, 5],
    ]);
  });

  it('reads what it has written, and knows what is in it', () => {
    fc.assert(
      fc.property(indexes, (set) => {
        const intervals = withIndexes([], set);
        assert.deepEqual(parseIndexIntervals(formatIndexIntervals(intervals), 100), intervals);
        assert.equal(countIndexes(intervals), set.length);
        assert.ok(set.every((index) => hasIndex(intervals, index)));
      }),
    );
  });

  it('counts what two sets share, and finds what is missing', () => {
    fc.assert(
      fc.property(indexes, indexes, (a, b) => {
        const common = countCommonIndexes(withIndexes([], a), withIndexes([], b));
        assert.equal(common, a.filter((index) => b.includes(index)).length);
        const missing = Array.from({ length: 41 }, (_, index) => index).filter((index) => !a.includes(index));
        assert.deepEqual(firstMissingIndexes(withIndexes([], a), 5, 41), missing.slice(0, 5));
      }),
    );
  });
});

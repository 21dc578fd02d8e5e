import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ['sets.contains([1,2,3],[1])', 'true'],
  ['sets.contains([1],[1,2])', 'false'],
  ['sets.equivalent([1,2],[2,1,1])', 'true'],
  ['sets.intersects([1],[2])', 'false'],
  ["sets.contains([s, 'a'], ['a'])", 'true'],
];

describe('lists as sets', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

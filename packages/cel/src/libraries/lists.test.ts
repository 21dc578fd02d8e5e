import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ['[1,2,3].sum()', '6'],
  ['[1.5, 2.5].sum()', '4.0'],
  ['[].sum()', '0'],
  ['[1,3,2].max()', '3'],
  ["['a','c','b'].min()", '"a"'],
  ['[].max()', 'error: max called on empty list'],
  ['[1,2,2].isSorted()', 'true'],
  ['[3,1].isSorted()', 'false'],
  ['[1,2,1].indexOf(1)', '0'],
  ['[1,2,1].lastIndexOf(1)', '2'],
  ['[1,2,1].indexOf(9)', '-1'],
  ["l.indexOf('b')", '1'],
  ['[[1],[2,3]].flatten()', '[1, 2, 3]'],
  [
    '[[1],[[2],3]].flatten(2)',
    `ERROR: <input>:1:6: expected type 'list(int)' but found 'list(dyn)'\n | [[1],[[2],3]].flatten(2)\n | .....^\nERROR: <input>:1:11: expected type 'list(int)' but found 'int'\n | [[1],[[2],3]].flatten(2)\n | ..........^`,
  ],
  ['[[1]].flatten(-1)', 'error: level must be non-negative'],
  ['[3,1,2].sort()', '[1, 2, 3]'],
  ["['b','a'].sort()", '["a", "b"]'],
  ['[1,2,3,4].slice(1,3)', '[2, 3]'],
  ['[1,2].slice(0,3)', 'error: cannot slice(0, 3), list is length 2'],
  ['[1,2].slice(-1,1)', 'error: cannot slice(-1, 1), negative indexes not supported'],
  ['[1,2].slice(2,1)', 'error: cannot slice(2, 1), start index must be less than or equal to end index'],
  ['[1,2,3].reverse()', '[3, 2, 1]'],
  ['[1,1,2].distinct()', '[1, 2]'],
  ['lists.range(3)', '[0, 1, 2]'],
  ["[{'n':2},{'n':1}].sortBy(e, e.n)", '[{"n": 1}, {"n": 2}]'],
  ['x.c.sort()', 'error: list elements must have the same type'],
];

describe('lists', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

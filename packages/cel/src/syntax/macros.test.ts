import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["{'a': 1}.transformMap(k, v, v + 1)", '{"a": 2}'],
  ["{'a': 1}.transformList(k, v, k)", '["a"]'],
  ['[1,2].transformMapEntry(i, v, {v: i})', '{1: 0, 2: 1}'],
  ['[1,1].transformMapEntry(i, v, {v: i})', 'error: insert failed: key 1 already exists'],
  ['[1,2].transformList(i, v, i > 0, v)', '[2]'],
  ["{'a':1,'b':2}.existsOne(k, v, v == 1)", 'true'],
  ["{'a':1}.all(k, v, v == 1)", 'true'],
  ['[1,2,3].filter(q, q > 1)', '[2, 3]'],
  ['[1,2,3].exists_one(q, q > 2)', 'true'],
  [
    '[1,2].existsOne(q, q == 1)',
    `ERROR: <input>:1:16: undeclared reference to 'existsOne' (in container '')\n | [1,2].existsOne(q, q == 1)\n | ...............^\nERROR: <input>:1:17: undeclared reference to 'q' (in container '')\n | [1,2].existsOne(q, q == 1)\n | ................^\nERROR: <input>:1:20: undeclared reference to 'q' (in container '')\n | [1,2].existsOne(q, q == 1)\n | ...................^`,
  ],
  ['x.c.map(e, e)', '[1, "z", 2.5]'],
  ['x.map(k, k)', '["a", "b", "c", "n"]'],
  ['x.c.filter(e, e == 1)', '[1]'],
  ['x.c.all(e, e > 0)', 'error: no such overload'],
  ['x.c.exists(e, e > 5)', 'error: no such overload'],
  ['l.map(e, e + s)', '["ahello", "bhello"]'],
  ["l.map(e, e == 'a', e)", '["a"]'],
  ['[1,2,3].map(a, [1,2].map(b, a * b))', '[[1, 2], [2, 4], [3, 6]]'],
  ['has(x.a) && x.a > 0', 'true'],
  ['!has(x.q)', 'true'],
];

describe('macros', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

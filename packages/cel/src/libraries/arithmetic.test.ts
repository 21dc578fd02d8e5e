import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ['1 in x.c', 'true'],
  ['s in l', 'false'],
  ["'k' in m", 'true'],
  ["m['k'] + i", '8'],
  ['m.k', '1'],
  ["m['z']", 'error: no such key: z'],
  ['l[5]', 'error: index out of bounds: 5'],
  ["s + 'x' == 'hellox'", 'true'],
  ["s < 'world'", 'true'],
  ['i / 0 == 1 || true', 'true'],
  ['i / 0 == 1 && false', 'false'],
  ['i / 0 == 1 || false', 'error: division by zero'],
  ['(i > 5 ? x : m).a', '1'],
  ["i > 5 ? 'a' : 'b'", '"a"'],
  ['i > 5 ? s : l[0]', '"hello"'],
  ['x.a == 1 ? x.b : x.c', '"two"'],
  ['9223372036854775807 + 1', 'error: integer overflow'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['-(-9223372036854775807 - 1)', 'error: integer overflow'],
  ['18446744073709551615u + 1u', 'error: unsigned integer overflow'],
  ['1u - 2u', 'error: unsigned integer overflow'],
  ['9223372036854775807 * 2', 'error: integer overflow'],
  ['-9223372036854775808 / -1', 'error: integer overflow'],
  ['-9223372036854775808 % -1', 'error: integer overflow'],
  ["duration('9223372036854775807ns') + duration('1ns')", 'error: integer overflow'],
  ["dyn(double('NaN')) in [1.0, 2.0]", 'false'],
  ["double('NaN') in [double('NaN')]", 'false'],
  ['1 % 0', 'error: modulus by zero'],
  ['5 % -3', '2'],
  ['-5 / 2', '-2'],
  ['1.0 / 0.0', '+Inf'],
  ['0.0/0.0 == 0.0/0.0', 'false'],
  [
    '1 == 1.0',
    `ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, double)'\n | 1 == 1.0\n | ..^`,
  ],
  ['1 < 2.5', 'true'],
  ['1u < 2', 'true'],
  [
    '[1] == [1.0]',
    `ERROR: <input>:1:5: found no matching overload for '_==_' applied to '(list(int), list(double))'\n | [1] == [1.0]\n | ....^`,
  ],
  ["{'a': 1} == {'a': 1}", 'true'],
  ['[1, 2] + [3]', '[1, 2, 3]'],
  ["b'a' + b'b'", 'b[97 98]'],
  ["b'abc' < b'abd'", 'true'],
  ['x.a + x.b', 'error: no such overload'],
  ["x.a > 'z'", 'error: no such overload'],
  ['-x.b', 'error: no such overload'],
  ['!x.a', 'error: no such overload'],
  ['x.b.startsWith(x.a)', 'error: no such overload'],
  ['x.a[0]', 'error: no such key: 0'],
  ['x.b[0]', 'error: no such key: 0'],
];

describe('operators', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ['[1,2].first()', 'optional(1)'],
  ['[].last().hasValue()', 'false'],
  ['[optional.of(1), optional.none()].unwrapOpt()', '[1]'],
  ['optional.of(1).optMap(v, v + 1).value()', '2'],
  ['optional.none().optMap(v, v + 1).hasValue()', 'false'],
  ['optional.of(1).optFlatMap(v, optional.of(v)).value()', '1'],
  ['optional.none().value()', 'error: optional.none() dereference'],
  ["optional.ofNonZeroValue('').hasValue()", 'false'],
  ['[?optional.of(1), 2]', '[1, 2]'],
  ["{?'a': optional.of(1), 'b': 2}", '{"a": 1, "b": 2}'],
  ["{?'a': optional.none(), 'b': 2}", '{"b": 2}'],
  ['[1,2][?5].hasValue()', 'false'],
  ['x.?c[0].value()', '1'],
  ['x.?c[?0].value()', '1'],
  ["x[?'a'].orValue(3)", '1'],
  ['x.?q.or(optional.of(4)).value()', '4'],
  ['has(x.?a.b)', 'false'],
];

describe('optional values', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

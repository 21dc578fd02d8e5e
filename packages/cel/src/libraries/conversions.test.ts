import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ['s.size() > 3 || i / 0 == 1', 'true'],
  ['dyn(1) && true', 'error: no such overload'],
  ['dyn(1) == 1.0', 'true'],
  ['dyn(1) == 1u', 'true'],
  ['dyn(9223372036854775807) < dyn(9223372036854775808.0)', 'false'],
  ["double('NaN') < 1.0", 'error: NaN values cannot be ordered'],
  ["'é'.size()", '1'],
  ["size(b'é')", '2'],
  ["'😀'.size()", '1'],
  ['int(1.9)', '1'],
  ["int('12')", '12'],
  ['int(18446744073709551615u)', 'integer overflow'],
  ['int(1e19)', 'integer overflow'],
  ['uint(-1)', 'unsigned integer overflow'],
  ["uint('5')", '5u'],
  ["double('1e5')", '100000.0'],
  ["double('1_0e1')", '100.0'],
  ["double('1__0')", "type conversion error from 'string' to 'double'"],
  ["double('x')", "type conversion error from 'string' to 'double'"],
  ['string(1.5)', '"1.5"'],
  ["string(b'abc')", '"abc"'],
  ['string(true)', '"true"'],
  ["bool('true')", 'true'],
  ["bool('x')", "type conversion error from 'string' to 'bool'"],
  [`string(b'\\xff')`, 'invalid UTF-8 in bytes, cannot convert to string'],
  ["bytes('é')", 'b[195 169]'],
  ['type(1) == int', 'true'],
  ['type(x) == map', 'true'],
  ['type(null)', 'null_type'],
  ['type(s) == string', 'true'],
  ['size(x.a)', 'error: no such overload: size'],
  ['x.a.size()', 'error: no such overload: size'],
];

describe('conversions', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

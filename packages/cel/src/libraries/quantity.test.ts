import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["quantity('1.5Gi').asApproximateFloat()", '1610612736.0'],
  [
    "quantity('x')",
    "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  ["quantity('1Gi').asInteger()", '1073741824'],
  ["quantity('1.5').asInteger()", 'error: cannot convert value to integer'],
  ["quantity('1.5').isInteger()", 'false'],
  ["quantity('50M').isInteger()", 'true'],
  ["quantity('1k').compareTo(quantity('1000'))", '0'],
  ["quantity('1k') == quantity('1000')", 'true'],
  ["quantity('1k').add(5).sub(quantity('3')).asInteger()", '1002'],
  ["quantity('1k').isGreaterThan(quantity('999'))", 'true'],
  ["quantity('1k').isLessThan(quantity('999'))", 'false'],
  ["sign(quantity('-1'))", '-1'],
  ["isQuantity('1.5.5')", 'false'],
];

describe('quantities', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

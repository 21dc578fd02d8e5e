import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["'abcabc'.find('b.')", '"bc"'],
  ["'abc'.find('x')", '""'],
  ["'abcabc'.findAll('[ab]')", '["a", "b", "a", "b"]'],
  ["'abcabc'.findAll('[ab]', 1)", '["a"]'],
  ["'abcabc'.findAll('[ab]', 0)", '[]'],
  ["'abcabc'.findAll('[ab]', -1)", '["a", "b", "a", "b"]'],
  ['s.find(s)', '"hello"'],
  ["x.b.matches('t.*')", 'true'],
  ['x.b.matches(x.b)', 'true'],
  ["matches(x.b, 't')", 'true'],
];

describe('patterns', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

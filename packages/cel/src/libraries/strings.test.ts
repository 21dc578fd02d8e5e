import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["'hello'.charAt(1)", '"e"'],
  ["'hello'.charAt(5)", '""'],
  ["'hello'.charAt(6)", 'error: index out of range: 6'],
  ["'hello'.indexOf('l')", '2'],
  ["'hello'.indexOf('l', 3)", '3'],
  ["'hello'.indexOf('', 9)", '9'],
  ["'hello'.indexOf('l', -1)", 'error: index out of range: -1'],
  ["'hello'.lastIndexOf('l')", '3'],
  ["'hello'.lastIndexOf('l', 2)", '2'],
  ["'hello'.lastIndexOf('l', -1)", 'error: index out of range: -1'],
  ["'hello'.lastIndexOf('lo', 9)", '-1'],
  ["'HeLLo Ü'.lowerAscii()", '"hello Ü"'],
  ["'HeLLo ü'.upperAscii()", '"HELLO ü"'],
  ["'hello'.replace('l', 'L')", '"heLLo"'],
  ["'hello'.replace('l', 'L', 1)", '"heLlo"'],
  ["'hello'.replace('l', 'L', 0)", '"hello"'],
  ["'hello'.replace('', '-')", '"-h-e-l-l-o-"'],
  ["'hello'.replace('', '-', 2)", '"-h-ello"'],
  ["'a,b,c'.split(',')", '["a", "b", "c"]'],
  ["'a,b,c'.split(',', 2)", '["a", "b,c"]'],
  ["'a,b,c'.split(',', 0)", '[]'],
  ["'abc'.split('')", '["a", "b", "c"]'],
  ["'abc'.split('', 2)", '["a", "bc"]'],
  ["'hello'.substring(1)", '"ello"'],
  ["'hello'.substring(1, 3)", '"el"'],
  ["'hello'.substring(6)", 'error: index out of range: 6'],
  ["'hello'.substring(3, 1)", 'error: invalid substring range. start: 3, end: 1'],
  ["'hello'.substring(1, 9)", 'error: index out of range: 9'],
  [`'  hello\\t\\n'.trim()`, '"hello"'],
  ["['a','b'].join()", '"ab"'],
  ["['a','b'].join('-')", '"a-b"'],
  ["[].join('x')", '""'],
  [`strings.quote('a"b\\n\\\\')`, '"\\"a\\\\\\"b\\\\n\\\\\\\\\\""'],
];

describe('strings', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["'%.3f'.format([1234567.5])", '"1,234,567.500"'],
  ["'%f'.format([0.5])", '"0.500000"'],
  ["'%e'.format([1052.032911275])", '"1.052033×10⁰³"'],
  ["'%.2e'.format([-0.00012])", '"-1.200000×10⁻⁰⁴"'],
  ["'%s %d %x %X %b %o'.format(['a', 255, 255, 'abc', 5, 8])", '"a 255 ff 616263 101 10"'],
  ["'%s'.format([[1, 2]])", '"[1, 2]"'],
  ["'%s'.format([['é\\u200b\\u00a0']])", '"[\\"é\\\\u200b\\\\u00a0\\"]"'],
  ["'%s'.format([{'a': 1.5, 'b': true}])", '"{\\"a\\":1.500000, \\"b\\":true}"'],
  ["'%s'.format([null])", '"null"'],
  ["'%s'.format([timestamp('2020-01-01T00:00:00Z')])", '"2020-01-01T00:00:00Z"'],
  ["'%s'.format([duration('90s')])", '"90s"'],
  ["'%s'.format([[timestamp('2020-01-01T00:00:00Z')]])", '"[timestamp(\\"2020-01-01T00:00:00Z\\")]"'],
  ["'%s'.format([type(1)])", '"int"'],
  ["'%s'.format([1.0])", '"1"'],
  ["'%s'.format([b'abc'])", '"abc"'],
  [
    "'%s'.format([optional.of(1)])",
    `ERROR: <input>:1:25: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given optional_type\n | '%s'.format([optional.of(1)])\n | ........................^`,
  ],
  [
    "'%d'.format(['a'])",
    `ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string\n | '%d'.format(['a'])\n | .............^`,
  ],
  [
    "'%d'.format([1.5])",
    `ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given double\n | '%d'.format([1.5])\n | .............^`,
  ],
  ["'%s'.format([])", `ERROR: <input>:1:12: index 0 out of range\n | '%s'.format([])\n | ...........^`],
  [
    "'%s'.format([1, 2])",
    `ERROR: <input>:1:12: too many arguments supplied to string.format (expected 1, got 2)\n | '%s'.format([1, 2])\n | ...........^`,
  ],
  [
    "'%q'.format([1])",
    `ERROR: <input>:1:12: could not parse formatting clause: unrecognized formatting clause "q"\n | '%q'.format([1])\n | ...........^`,
  ],
  ["'%'.format([1])", `ERROR: <input>:1:11: unexpected end of string\n | '%'.format([1])\n | ..........^`],
  [
    "'%.'.format([1])",
    `ERROR: <input>:1:12: could not parse formatting clause: error while parsing precision: could not find end of precision specifier\n | '%.'.format([1])\n | ...........^`,
  ],
  [
    "'%.a'.format([1])",
    `ERROR: <input>:1:13: could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax\n | '%.a'.format([1])\n | ............^`,
  ],
  ["'%%'.format([])", '"%"'],
  [
    "'%f'.format([1])",
    `ERROR: <input>:1:14: error during formatting: fixed-point clause can only be used on doubles, was given int\n | '%f'.format([1])\n | .............^`,
  ],
  ["'%f'.format(['NaN'])", '"NaN"'],
  ["'%e'.format(['Infinity'])", '"     ∞"'],
  [
    "'%b'.format(['a'])",
    `ERROR: <input>:1:14: error during formatting: only integers and bools can be formatted as binary, was given string\n | '%b'.format(['a'])\n | .............^`,
  ],
  [
    "'%x'.format([1.5])",
    `ERROR: <input>:1:14: error during formatting: only integers, byte buffers, and strings can be formatted as hex, was given double\n | '%x'.format([1.5])\n | .............^`,
  ],
  ["'%s'.format([x.c])", '"[1, \\"z\\", 2.500000]"'],
  [
    "'%d'.format([x.b])",
    'error: error during formatting: decimal clause can only be used on integers, was given string',
  ],
  ["'%s %s'.format([x])", `ERROR: <input>:1:15: index 1 out of range\n | '%s %s'.format([x])\n | ..............^`],
  [
    "'%f'.format([dyn('a')])",
    'error: error during formatting: fixed-point clause can only be used on doubles, was given string',
  ],
  ['"%.0f".format([2.5])', '"2"'],
  ["'%.0f'.format([2.5])", '"2"'],
  ["'%.0f'.format([3.5])", '"4"'],
  ["'%.1f'.format([0.25])", '"0.2"'],
  ["'%.2f'.format([1.005])", '"1.00"'],
  ["'%.1f'.format([0.15])", '"0.1"'],
  ["'%.3f'.format([1e22])", '"10,000,000,000,000,000,000,000.000"'],
];

describe('strings are formatted', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

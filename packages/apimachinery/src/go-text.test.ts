import { equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goJson, goQuote } from './go-text.ts';

describe('goQuote', () => {
  const rows: readonly [text: string, quoted: string][] = [
    ['plain', '"plain"'],
    ['say "hi" \\', '"say \\"hi\\" \\\\"'],
    ['a\nb\tc\r', '"a\\nb\\tc\\r"'],
    ['\u0007\b\f\v', '"\\a\\b\\f\\v"'],
    ['\u0000\u001f\u007f', '"\\x00\\x1f\\x7f"'],
    ['é€😀', '"é€😀"'],
    ['\u00a0\u200b\u2028', '"\\u00a0\\u200b\\u2028"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['<b>&', '"<b>&"'],
    ['\ud83d', '"\ufffd"'],
  ];
  for (const [text, quoted] of rows) it(`quotes ${JSON.stringify(text)}`, () => equal(goQuote(text), quoted));
});

describe('goJson', () => {
  const rows: readonly [value: unknown, indent: number, json: string][] = [
    [undefined, 0, 'null'],
    [null, 0, 'null'],
    [[], 0, '[]'],
    [{ b: 1, a: [true, null] }, 0, '{"b":1,"a":[true,null]}'],
    [{ a: '<&>\u2028' }, 0, '{"a":"\\u003c\\u0026\\u003e\\u2028"}'],
    [{ a: [1], b: {}, c: [] }, 1, '{\n "a": [\n  1\n ],\n "b": {},\n "c": []\n}'],
  ];
  for (const [value, indent, json] of rows) it(`writes ${json}`, () => equal(goJson(value, indent), json));
});

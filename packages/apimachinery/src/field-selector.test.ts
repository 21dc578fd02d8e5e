import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { fieldSelectorOf, parseFieldSelector } from './field-selector.ts';

describe('parseFieldSelector', () => {
  const matching: [selector: string, fields: Record<string, string>, matches: boolean][] = [
    ['', {}, true],
    [',', {}, true],
    ['metadata.name=web', { 'metadata.name': 'web' }, true],
    ['metadata.name==web', { 'metadata.name': 'api' }, false],
    ['status.phase!=Running', {}, true],
    ['a=', {}, true],
    ['a=x,b=y', { a: 'x', b: 'y' }, true],
    ['a=x,b=y', { a: 'x' }, false],
    ['a=x\\,y', { a: 'x,y' }, true],
  ];
  for (const [selector, fields, matches] of matching) {
    test(`'${selector}' on ${JSON.stringify(fields)}: ${matches}`, () => {
      assert.equal(parseFieldSelector(selector).matches(fields), matches);
    });
  }

  const errors: [selector: string, message: string][] = [
    ['abc', "invalid selector: 'abc'; can't understand 'abc'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ];
  for (const [selector, message] of errors) {
    test(`refuses '${selector}'`, () => assert.throws(() => parseFieldSelector(selector), { message }));
  }

  test('values of any kind survive printing', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const text = fieldSelectorOf([{ field: 'a', operator: '=', value }]).toString();
        assert.equal(parseFieldSelector(text).exactValue('a'), value);
      }),
    );
  });
});

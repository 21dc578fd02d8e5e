import assert from 'node:assert/strict';
import { test } from 'node:test';

import { goRegexp, GoRegexpError } from './go-regexp.ts';

test('patterns match what Go matches', () => {
  const rows: [pattern: string, yes: string[], no: string[]][] = [
    ['^[a-c]+$', ['abc'], ['abd', '', 'abc\n']],
    ['x', ['axb'], ['ab']],
    ['(?i)^foo$', ['FOO', 'foo'], ['fooo']],
    ['^(?i:a)b$', ['Ab', 'ab'], ['aB']],
    ['a(?i)b|c', ['aB', 'C'], ['Ab']],
    [String.raw`^\pL+$`, ['äß', 'abc'], ['a1']],
    [String.raw`^\p{Greek}\P{L}$`, ['α1'], ['α', 'a1']],
    [String.raw`^[[:alpha:]_]+$`, ['a_b'], ['a1']],
    [String.raw`^[[:^digit:]]+$`, ['a_ü'], ['1']],
    [String.raw`^\d{1,3}$`, ['1', '123'], ['1234', '٣']],
    [String.raw`^\s$`, [' ', '\t'], ['\u00a0', '\v']],
    [String.raw`^[^\s]$`, ['\u00a0'], [' ']],
    [String.raw`^\-\_\/\:$`, ['-_/:'], ['x']],
    [String.raw`\Aab\z`, ['ab'], ['xab', 'ab\n']],
    [String.raw`^\Qa.b*\E$`, ['a.b*'], ['axbb']],
    ['^.$', ['\u2028', '😀'], ['\n', 'ab']],
    ['(?s)^.$', ['\n'], ['']],
    ['(?m)^b$', ['a\nb\nc'], ['ab']],
    ['^a{,2}$', ['a{,2}'], ['aa']],
    ['^]$', [']'], ['[']],
    ['^[]a]+$', [']a'], ['b']],
    ['^[a-]+$', ['a-'], ['b']],
    [String.raw`^\x41\x{42}\103$`, ['ABC'], ['abc']],
    ['^(?P<x>a)(?<y>b)$', ['ab'], ['a']],
    ['', ['', 'a'], []],
    ['^$', [''], ['a']],
    ['^^*a$', ['a'], ['b']],
    ['(?P<a>x)(?P<a>y)', ['xy'], ['x']],
    ['a??b', ['b', 'ab'], ['a']],
  ];
  for (const [pattern, yes, no] of rows) {
    for (const text of yes) assert.equal(goRegexp(pattern).test(text), true, `${pattern} ~ ${JSON.stringify(text)}`);
    for (const text of no) assert.equal(goRegexp(pattern).test(text), false, `${pattern} !~ ${JSON.stringify(text)}`);
  }
});

test('patterns that Go does not read are refused in its words', () => {
  const rows: [pattern: string, message: string][] = [
    ['(', 'missing closing ): `(`'],
    ['a(b', 'missing closing ): `a(b`'],
    ['a)', 'unexpected ): `a)`'],
    ['[a', 'missing closing ]: `[a`'],
    ['*', 'missing argument to repetition operator: `*`'],
    ['a|*', 'missing argument to repetition operator: `*`'],
    ['a**', 'invalid nested repetition operator: `**`'],
    ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['a{3,2}', 'invalid repeat count: `{3,2}`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    [String.raw`\8`, 'invalid escape sequence: `\\8`'],
    [String.raw`\y`, 'invalid escape sequence: `\\y`'],
    ['a\\', 'trailing backslash at end of expression: ``'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?!a)', 'invalid or unsupported Perl syntax: `(?!`'],
    ['(?<=a)', 'invalid named capture: `(?<=a)`'],
    ['(?x)a', 'invalid or unsupported Perl syntax: `(?x`'],
    ['(?P<n', 'invalid named capture: `(?P<n`'],
    ['a{1,2}?*', 'invalid nested repetition operator: `{1,2}?*`'],
    [String.raw`[a-\w]`, 'invalid escape sequence: `\\w`'],
    [String.raw`\x{110000}`, 'invalid escape sequence: `\\x{110000`'],
    [String.raw`\xg`, 'invalid escape sequence: `\\xg`'],
    [String.raw`\1`, 'invalid escape sequence: `\\1`'],
    [String.raw`\p{Nothing}`, 'invalid character class range: `\\p{Nothing}`'],
    ['[[:nothing:]]', 'invalid character class range: `[:nothing:]`'],
  ];
  for (const [pattern, message] of rows) {
    assert.throws(() => goRegexp(pattern), new GoRegexpError(`error parsing regexp: ${message}`), pattern);
  }
});

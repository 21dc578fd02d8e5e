import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { evaluateText } from '../testing/evaluate-text.ts';

const ROWS: readonly (readonly [expression: string, result: string])[] = [
  ["url('https://user:pw@Example.com:8080/a%20b/c?x=1&y=2&x=3#f').getHost()", '"Example.com:8080"'],
  ["url('https://user:pw@Example.com:8080/a%20b/c?x=1&y=2&x=3#f').getHostname()", '"Example.com"'],
  ["url('https://user:pw@Example.com:8080/a%20b/c?x=1&y=2&x=3#f').getPort()", '"8080"'],
  ["url('https://user:pw@Example.com:8080/a%20b/c?x=1&y=2&x=3#f').getEscapedPath()", '"/a%20b/c"'],
  ["url('https://user:pw@Example.com:8080/a%20b/c?x=1&y=2&x=3').getQuery()['x']", '["1", "3"]'],
  ["url('HTTPS://x').getScheme()", '"https"'],
  ["url('https://[::1]:80/').getHostname()", '"::1"'],
  ["url('/a b').getEscapedPath()", '"/a%20b"'],
  ["url('abc')", 'error: URL parse error during conversion from string: parse "abc": invalid URI for request'],
  ["url('')", 'error: URL parse error during conversion from string: parse "": empty url'],
  [
    "url('http://a:b/')",
    'error: URL parse error during conversion from string: parse "http://a:b/": invalid port ":b" after host',
  ],
  [
    "url('http://a/%zz')",
    'error: URL parse error during conversion from string: parse "http://a/%zz": invalid URL escape "%zz"',
  ],
  ["url(':a')", 'error: URL parse error during conversion from string: parse ":a": missing protocol scheme'],
  [
    "url('http://[::1')",
    `error: URL parse error during conversion from string: parse "http://[::1": missing ']' in host`,
  ],
  ["url('mailto:a@b').getScheme()", '"mailto"'],
  ["isURL('../a')", 'false'],
  ["isURL('/a')", 'true'],
  [
    "url('http://a b/')",
    'error: URL parse error during conversion from string: parse "http://a b/": invalid character " " in host name',
  ],
  ["url('http://a/ü').getEscapedPath()", '"/%C3%BC"'],
  ["url('http://a?x=%zz&y=1;z&w=a+b').getQuery()", '{"w": ["a b"]}'],
  ["url('http://a') == url('HTTP://a')", 'true'],
];

describe('URLs', () => {
  for (const [expression, result] of ROWS) {
    it(expression, () => assert.equal(evaluateText(expression), result));
  }
});

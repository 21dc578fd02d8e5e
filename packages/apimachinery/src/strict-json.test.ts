import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseJson, parseJsonStrict } from './strict-json.ts';

describe('characters in JSON that are none', () => {
  const rows: readonly [name: string, text: string, value: string][] = [
    ['a pair of surrogates', '"\\ud83d\\ude00"', '\u{1f600}'],
    ['a high surrogate alone', '"\\ud800x"', '\ufffdx'],
    ['a low surrogate alone', '"\\udc00"', '\ufffd'],
    ['two high surrogates', '"\\uD800\\uD800"', '\ufffd\ufffd'],
    ['an escaped backslash before', '"\\\\ud800"', '\\ud800'],
    ['two escaped backslashes before', '"\\\\\\ud800"', '\\\ufffd'],
    ['other escapes', '"\\u00e9\\n"', 'é\n'],
  ];
  for (const [name, text, value] of rows) {
    it(name, () => {
      assert.equal(parseJson(text), value);
      assert.equal(parseJson(Buffer.from(text)), value);
      assert.equal(parseJsonStrict(text).value, value);
    });
  }

  it('invalid UTF-8', () => assert.equal(parseJson(Uint8Array.of(0x22, 0xff, 0x22)), '\ufffd'));
});

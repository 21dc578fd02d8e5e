import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { overlaps, parsePrefix, prefixText } from './ip-prefix.ts';

describe('parsePrefix', () => {
  for (const [text, expected] of [
    ['10.1.2.3/24', '10.1.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['10.0.0.1/32', '10.0.0.1/32'],
    ['fd00:1::5/64', 'fd00:1::/64'],
    ['::/0', '::/0'],
    ['10.0.0.0', undefined],
    ['10.0.0.0/33', undefined],
    ['web/24', undefined],
  ] as const) {
    it(text, () => {
      const prefix = parsePrefix(text);
      assert.equal(prefix && prefixText(prefix.family, prefix.first, prefix.length), expected);
    });
  }
});

describe('overlaps', () => {
  for (const [a, b, expected] of [
    ['10.0.0.0/8', '10.200.0.0/16', true],
    ['10.200.0.0/16', '10.0.0.0/8', true],
    ['10.0.0.0/24', '10.0.1.0/24', false],
    ['0.0.0.0/0', '::/0', false],
  ] as const) {
    it(`${a} ${b}`, () => assert.equal(overlaps(parsePrefix(a)!, parsePrefix(b)!), expected));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { escapeName, unescapeName } from './escaping.ts';

describe('names of properties as identifiers', () => {
  const rows: readonly (readonly [name: string, escaped: string | undefined])[] = [
    ['a', 'a'],
    ['a1_b', 'a1_b'],
    ['namespace', '__namespace__'],
    ['in', '__in__'],
    ['int', 'int'],
    ['a.b', 'a__dot__b'],
    ['a-b', 'a__dash__b'],
    ['a/b', 'a__slash__b'],
    ['a__b', 'a__underscores__b'],
    ['__namespace__', '__underscores__namespace__underscores__'],
    ['-a', '__dash__a'],
    ['', undefined],
    ['1a', undefined],
    ['a$b', undefined],
    ['a b', undefined],
    ['ü', undefined],
  ];
  for (const [name, escaped] of rows) {
    it(`${JSON.stringify(name)} is ${escaped}`, () => assert.equal(escapeName(name), escaped));
  }

  it('come back as they were', () => {
    const names = fc.stringMatching(/^[a-z_./-][a-z0-9_./-]{0,9}$/);
    fc.assert(
      fc.property(names, (name) => {
        const escaped = escapeName(name);
        // Underscores at the end of one part and the beginning of the next cannot be told apart; nor can they upstream.
        if (escaped !== undefined && !/_[_./-]|[./-]_/.test(name)) assert.equal(unescapeName(escaped), name);
      }),
    );
  });

  const broken: readonly string[] = ['a__nope__b', '__int__', 'x__namespace__'];
  for (const escaped of broken) it(`${escaped} is none`, () => assert.equal(unescapeName(escaped), undefined));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { deepCopy, deepEqual, deepFreeze } from './deep-equal.ts';

describe('deepEqual', () => {
  const rows: [a: unknown, b: unknown, equal: boolean][] = [
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: undefined, b: 1 }, { b: 1, c: undefined }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: null }, {}, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [{}, [], false],
    [null, {}, false],
    ['1', 1, false],
    [{ toString: 1 }, {}, false],
  ];
  for (const [a, b, equal] of rows) {
    test(`${JSON.stringify(a)} and ${JSON.stringify(b)}: ${equal}`, () => assert.equal(deepEqual(a, b), equal));
  }

  test('a copy is equal and shares nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = deepCopy(value);
        assert.ok(deepEqual(copy, value));
        assert.equal(JSON.stringify(copy), JSON.stringify(value));
        if (typeof value === 'object' && value !== null) assert.notEqual(copy, value);
      }),
    );
  });

  test('agrees with the platform on JSON values', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        const text = (value: unknown): string => JSON.stringify(value);
        assert.equal(
          deepEqual(JSON.parse(text(a)), JSON.parse(text(b))),
          isSame(JSON.parse(text(a)), JSON.parse(text(b))),
        );
      }),
    );
  });
});

test('deepFreeze freezes all the way down', () => {
  const value = deepFreeze({ a: [{ b: 1 }] });
  assert.ok(Object.isFrozen(value.a[0]));
  assert.throws(() => {
    value.a[0]!.b = 2;
  }, TypeError);
});

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import { canonicalDuration, durationToMs, formatDuration, parseDuration } from './duration.ts';

describe('durations', () => {
  const rows: [text: string, canonical: string, milliseconds: number][] = [
    ['0', '0s', 0],
    ['1h', '1h0m0s', 3_600_000],
    ['90m', '1h30m0s', 5_400_000],
    ['1.5s', '1.5s', 1500],
    ['100ms', '100ms', 100],
    ['1500us', '1.5ms', 1.5],
    ['1m0.25s', '1m0.25s', 60_250],
    ['-10s', '-10s', -10_000],
    ['1ns', '1ns', 0.000_001],
    ['.5h', '30m0s', 1_800_000],
  ];
  for (const [text, canonical, milliseconds] of rows) {
    test(`${text} is ${canonical}`, () => {
      assert.equal(canonicalDuration(text), canonical);
      assert.equal(durationToMs(text), milliseconds);
    });
  }

  const errors: [text: string, message: string][] = [
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['s', 'time: invalid duration "s"'],
    ['9999999999h', 'time: invalid duration "9999999999h"'],
  ];
  for (const [text, message] of errors) {
    test(`refuses '${text}'`, () => assert.throws(() => parseDuration(text), { message }));
  }

  test('printing and parsing again gives the same duration', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanoseconds) => {
        assert.equal(parseDuration(formatDuration(nanoseconds)), nanoseconds);
      }),
    );
  });
});

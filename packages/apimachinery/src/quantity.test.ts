import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import {
  canonicalQuantity,
  formatQuantity,
  parseQuantity,
  quantityAdd,
  quantityCompare,
  quantityInt64,
  quantitySub,
  quantityToFloat,
  quantityToMilli,
  quantityToNumber,
} from './quantity.ts';

describe('canonicalQuantity', () => {
  const rows: [text: string, canonical: string][] = [
    ['0', '0'],
    ['0Mi', '0'],
    ['00', '0'],
    ['-', '0'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['0.1', '100m'],
    ['.5', '500m'],
    ['1.5', '1500m'],
    ['1.500', '1.500'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['123456000', '123456k'],
    ['12345', '12345'],
    ['+5', '+5'],
    ['0005', '0005'],
    ['1Ki', '1Ki'],
    ['1024Ki', '1Mi'],
    ['1024Mi', '1Gi'],
    ['1500Mi', '1500Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['0.5Mi', '512Ki'],
    ['8Ki', '8Ki'],
    ['8192', '8192'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1000e0', '1e3'],
    ['100e1', '1e3'],
    ['0.0000000001', '1n'],
    ['-0.0000000001', '-1n'],
    ['1.00000000000000000001', '1000000001n'],
    ['9Ei', '9223372036854775807'],
    ['-1Gi', '-1Gi'],
    ['12E', '12E'],
    ['5u', '5u'],
  ];
  for (const [text, canonical] of rows) {
    test(`${text} is ${canonical}`, () => assert.equal(canonicalQuantity(text), canonical));
  }

  const errors: [text: string, message: RegExp][] = [
    ['', /^quantities must match/],
    ['abc', /^quantities must match/],
    ['1 Gi', /^quantities must match/],
    ['1.2.3', /^quantities must match/],
    ['1Kii', /^unable to parse quantity's suffix$/],
    ['1e', /^unable to parse quantity's suffix$/],
    ['5-3', /^unable to parse quantity's suffix$/],
    ['1e99999999', /^unable to parse quantity's suffix$/],
  ];
  for (const [text, message] of errors) {
    test(`refuses '${text}'`, () => assert.throws(() => canonicalQuantity(text), { message }));
  }

  test('is idempotent and keeps the value', () => {
    const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E-2', 'e+1');
    const number = fc.oneof(
      fc.integer({ min: -100_000, max: 100_000 }).map(String),
      fc.tuple(fc.nat(9999), fc.nat(9999)).map(([a, b]) => `${a}.${b}`),
    );
    fc.assert(
      fc.property(fc.tuple(number, suffix), ([digits, unit]) => {
        const canonical = canonicalQuantity(digits + unit);
        assert.equal(canonicalQuantity(canonical), canonical);
        assert.equal(quantityCompare(canonical, digits + unit), 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('quantity arithmetic', () => {
  const sums: [a: string, b: string, sum: string, difference: string][] = [
    ['1', '500m', '1500m', '500m'],
    ['1Gi', '1Mi', '1025Mi', '1023Mi'],
    ['0', '1Gi', '1Gi', '-1Gi'],
    ['1Gi', '1G', '2073741824', '73741824'],
    ['1', '1Ki', '1025', '-1023'],
    ['1k', '24', '1024', '976'],
  ];
  for (const [a, b, sum, difference] of sums) {
    test(`${a} and ${b}`, () => {
      assert.equal(formatQuantity(quantityAdd(a, b)), sum);
      assert.equal(formatQuantity(quantitySub(a, b)), difference);
    });
  }

  const numbers: [text: string, value: number, milli: number, float: number][] = [
    ['100m', 1, 100, 0.1],
    ['-100m', -1, -100, -0.1],
    ['1500m', 2, 1500, 1.5],
    ['1u', 1, 1, 0.000_001],
    ['2Ki', 2048, 2_048_000, 2048],
    ['1e3', 1000, 1_000_000, 1000],
  ];
  for (const [text, value, milli, float] of numbers) {
    test(`numbers of ${text} are rounded away from zero`, () => {
      assert.equal(quantityToNumber(text), value);
      assert.equal(quantityToMilli(text), milli);
      assert.equal(quantityToFloat(text), float);
    });
  }

  const in64: [text: string, units: bigint, thousandths: bigint][] = [
    ['1500m', 2n, 1500n],
    ['9223372036854775808', -(2n ** 63n), 0n],
    ['10E', 0n, 0n],
    ['1Ei', 2n ** 60n, -(2n ** 63n)],
    ['1E', 10n ** 18n, 0n],
  ];
  for (const [text, units, thousandths] of in64) {
    test(`${text} in 64 bits`, () => {
      assert.deepEqual([quantityInt64(text, 0), quantityInt64(text, -3)], [units, thousandths]);
    });
  }

  test('adding and subtracting again gives the same amount', () => {
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.constantFrom('n', 'm', '', 'Ki', 'M'))
      .map(([value, suffix]) => `${value}${suffix}`);
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        const sum = quantityAdd(a, b);
        assert.equal(quantityCompare(quantitySub(sum, b), parseQuantity(a)), 0);
      }),
    );
  });
});

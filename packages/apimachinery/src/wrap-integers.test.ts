import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonValue } from './scalars.ts';
import { deploymentSchema } from './testing/schema-builder.ts';
import { wrapIntegers } from './wrap-integers.ts';

test('integers lose the bits that their field has no room for', () => {
  const rows: readonly [number, number][] = [
    [5, 5],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, -(2 ** 31)],
    [2 ** 32 + 7, 7],
    [1e300, -(2 ** 31)],
    [1.5, 1.5],
  ];
  for (const [replicas, expected] of rows) {
    assert.deepEqual(wrapIntegers(deploymentSchema, { spec: { replicas } }), { spec: { replicas: expected } });
  }
});

test('what fits stays the same value', () => {
  const value: JsonValue = {
    spec: { replicas: 1, template: { spec: { containers: [{ ports: [{ containerPort: 80 }] }] } } },
  };
  assert.equal(wrapIntegers(deploymentSchema, value), value);
});

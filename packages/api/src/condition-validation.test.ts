import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath, type Condition } from '@kts/apimachinery';
import { validateConditions } from './condition-validation.ts';

const GOOD: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'A',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

describe('conditions', () => {
  const rows: readonly [name: string, conditions: readonly object[], ...errors: string[]][] = [
    ['one', [{}]],
    ['a bad type', [{ type: 'a b' }], 'c[0].type: Invalid value: "a b"'],
    ['a type twice', [{}, {}], 'c[1].type: Duplicate value: "Ready"'],
    ['an unknown status', [{ status: 'x' }], 'c[0].status: Unsupported value: "x"'],
    ['a generation below zero', [{ observedGeneration: -1 }], 'c[0].observedGeneration: Invalid value: -1'],
    ['no time', [{ lastTransitionTime: undefined }], 'c[0].lastTransitionTime: Required value'],
    ['no reason', [{ reason: '' }], 'c[0].reason: Required value'],
    ['a bad reason', [{ reason: '1' }], 'c[0].reason: Invalid value: "1"'],
    ['a long message', [{ message: 'm'.repeat(32 * 1024 + 1) }], 'c[0].message: Too long'],
  ];
  for (const [name, conditions, ...errors] of rows) {
    it(name, () => {
      const found = validateConditions(
        conditions.map((fields) => ({ ...GOOD, ...fields })) as Condition[],
        FieldPath.of('c'),
      );
      deepEqual(
        found.map(
          ({ field, message }) =>
            `${field}: ${message
              .split(': ')
              .slice(0, message.startsWith('Too') ? 1 : 2)
              .join(': ')}`,
        ),
        errors,
      );
    });
  }
});

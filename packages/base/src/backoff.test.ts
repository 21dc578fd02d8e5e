import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs } from './backoff.ts';

describe('backoffMs', () => {
  const options = { initialMs: 10, factor: 2, maxMs: 300 };
  const rows: readonly (readonly [failures: number, delayMs: number])[] = [
    [0, 10],
    [1, 10],
    [2, 20],
    [3, 40],
    [5, 160],
    [6, 300],
    [5_000, 300],
  ];
  for (const [failures, delayMs] of rows) {
    it(`waits ${delayMs} ms after ${failures} failures`, () => assert.equal(backoffMs(options, failures), delayMs));
  }
});

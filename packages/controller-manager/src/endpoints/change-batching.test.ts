import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ChangeBatching } from './change-batching.ts';

const KEY = { namespace: 'default', name: 'web' };

describe('ChangeBatching', () => {
  for (const [size, delay] of [
    [0, 0],
    [99, 0],
    [100, 10],
    [1000, 100],
    [100_000, 500],
  ] as const) {
    it(`${size} pods: ${delay} ms`, () => {
      const batching = new ChangeBatching(0);
      batching.note(KEY, size);
      assert.equal(batching.delayMs(KEY), delay);
    });
  }

  it('waits for its period at least', () => {
    const batching = new ChangeBatching(50);
    assert.equal(batching.delayMs(KEY), 50);
    batching.note(KEY, 1000);
    assert.equal(batching.delayMs(KEY), 100);
  });

  it('forgets a Service that has become small', () => {
    const batching = new ChangeBatching(0);
    batching.note(KEY, 1000);
    batching.note(KEY, 3);
    assert.equal(batching.delayMs(KEY), 0);
    assert.equal(batching.delayMs({ namespace: 'default', name: 'other' }), 0);
  });
});

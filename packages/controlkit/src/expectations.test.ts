import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { createExpectations } from './expectations.ts';
import { slowStartBatch } from './slow-start-batch.ts';

describe('Expectations', () => {
  test('creations are counted, deletions go by uid', () => {
    const expectations = createExpectations(new FakeClock());
    const key = { namespace: 'default', name: 'web' };
    assert.equal(expectations.satisfied(key), true);
    expectations.expectCreations(key, 3);
    expectations.creationObserved(key);
    assert.equal(expectations.satisfied('default/web'), false);
    expectations.creationObserved(key, 2);
    assert.equal(expectations.satisfied(key), true);
    expectations.expectDeletions(key, ['a', 'b']);
    expectations.deletionObserved(key, 'a');
    expectations.deletionObserved(key, 'a');
    assert.equal(expectations.satisfied(key), false);
    expectations.deletionObserved(key, 'b');
    assert.equal(expectations.satisfied(key), true);
  });

  test('are not believed for ever', async () => {
    const clock = new FakeClock();
    const expectations = createExpectations(clock);
    expectations.expectCreations('a', 1);
    await clock.advance(300_000);
    assert.equal(expectations.satisfied('a'), false);
    await clock.advance(1);
    assert.equal(expectations.satisfied('a'), true);
  });
});

describe('slowStartBatch', () => {
  const rows: readonly [string, number, number, readonly number[], object][] = [
    ['all succeed', 10, -1, [1, 2, 4, 3], { successes: 10, skipped: 0 }],
    ['the first fails', 10, 0, [1], { successes: 0, skipped: 9 }],
    ['one in the third batch fails', 10, 5, [1, 2, 4], { successes: 6, skipped: 3 }],
    ['nothing to do', 0, -1, [], { successes: 0, skipped: 0 }],
  ];
  for (const [name, count, failing, batches, expected] of rows) {
    test(name, async () => {
      const sizes: number[] = [];
      let started = 0;
      const result = await slowStartBatch(count, 1, async (index) => {
        started++;
        await Promise.resolve();
        if (started > 0) sizes.push(started);
        started = 0;
        if (index === failing) throw new Error('quota');
      });
      const { failure, ...rest } = result;
      assert.deepEqual(rest, expected);
      assert.equal(failure !== undefined, failing >= 0);
      assert.deepEqual(sizes, batches);
    });
  }
});

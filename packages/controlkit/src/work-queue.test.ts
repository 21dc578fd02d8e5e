import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FakeClock, settle } from '@kts/base/testing';

import { controllerRateLimiter, TokenBucket } from './rate-limiter.ts';
import { WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  test('wakes one waiting worker per key', async () => {
    const queue = new WorkQueue<string>({ clock: new FakeClock() });
    const got: (string | undefined)[] = [];
    const workers = [0, 1].map(async () => got.push(await queue.get()));
    queue.add('a');
    await settle();
    assert.deepEqual(got, ['a']);
    queue.add('b');
    await Promise.all(workers);
    assert.deepEqual(got, ['a', 'b']);
  });

  test('changes of one turn are worked on at once', async () => {
    const queue = new WorkQueue<string>({ clock: new FakeClock() });
    let taken = 0;
    const worker = (async () => {
      for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
        taken++;
        queue.done(key);
      }
    })();
    for (let change = 0; change < 3; change++) {
      await Promise.resolve();
      queue.add('owner');
    }
    await settle();
    assert.equal(taken, 1);
    queue.shutdown();
    await worker;
  });

  test('of several delays the shortest counts', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue<string>({ clock });
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    await clock.advance(49);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.equal(queue.length, 1);
    assert.equal(clock.timers, 0);
  });

  test('failures wait longer each time until forgotten', async () => {
    const clock = new FakeClock();
    const limiter = controllerRateLimiter<string>(clock);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => limiter.next('a')),
      [5, 10, 20, 40],
    );
    assert.equal(limiter.failures('a'), 4);
    limiter.forget('a');
    assert.equal(limiter.next('a'), 5);
    for (let i = 0; i < 30; i++) limiter.next('b');
    assert.equal(limiter.next('b'), 1_000_000);
  });

  test('shutdown lets workers finish what waits, and keeps no timer', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue<string>({ clock });
    queue.add('a');
    queue.addAfter('later', 10);
    queue.shutdown();
    queue.add('b');
    assert.equal(await queue.get(), 'a');
    assert.equal(await queue.get(), undefined);
    assert.equal(clock.timers, 0);
  });
});

describe('TokenBucket', () => {
  test('a burst is free, then the rate counts', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(clock, { perSecond: 10, burst: 2 });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => bucket.reserve()),
      [0, 0, 100, 200],
    );
    await clock.advance(300);
    assert.equal(bucket.tryTake(), true);
    assert.equal(bucket.tryTake(), false);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@kts/base/testing';
import { VerdictCache } from './verdict-cache.ts';

describe('VerdictCache', () => {
  it('asks again when an answer is too old, as long as it holds for', async () => {
    const clock = new FakeClock();
    const cache = new VerdictCache<boolean>(clock);
    let asked = 0;
    const get = (key: string): Promise<boolean> =>
      cache.get(
        key,
        (allowed) => (allowed ? 100 : 10),
        async () => asked++ % 2 === 0,
      );
    const answers = [await get('a'), await get('b')];
    await clock.advance(10);
    answers.push(await get('a'), await get('b'));
    await clock.advance(90);
    answers.push(await get('a'));
    assert.deepEqual([answers, asked], [[true, false, true, true, false], 4]);
  });

  it('does not keep failures', async () => {
    const cache = new VerdictCache<string>(new FakeClock());
    await assert.rejects(
      cache.get(
        'a',
        () => 1000,
        () => Promise.reject(new Error('down')),
      ),
      /down/,
    );
    assert.equal(
      await cache.get(
        'a',
        () => 1000,
        async () => 'up',
      ),
      'up',
    );
  });
});

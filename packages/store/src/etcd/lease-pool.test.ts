import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { LeasePool } from './lease-pool.ts';

function setUp() {
  const clock = new FakeClock();
  const granted: number[] = [];
  const pool = new LeasePool(clock, (ttlSeconds) => Promise.resolve(BigInt(granted.push(ttlSeconds))));
  return { clock, granted, pool };
}

describe('leases', () => {
  const shared: readonly (readonly [title: string, ttlSeconds: number, laterMs: number, granted: readonly number[]])[] =
    [
      ['is shared for a minute', 3_600, 60_000, [3_660]],
      ['is not shared for longer', 3_600, 60_001, [3_660, 3_660]],
      ['is shared for a twentieth of a short time', 100, 5_000, [105]],
      ['is not shared for longer than that', 100, 5_001, [105, 105]],
    ];
  for (const [title, ttlSeconds, laterMs, expected] of shared) {
    it(`one ${title}`, async () => {
      const { clock, granted, pool } = setUp();
      const first = await pool.leaseFor(ttlSeconds);
      await clock.advance(laterMs);
      const second = await pool.leaseFor(ttlSeconds);
      assert.deepEqual([granted, first === second], [expected, expected.length === 1]);
    });
  }

  it('serve so many keys', async () => {
    const { granted, pool } = setUp();
    for (let i = 0; i < 1_001; i++) await pool.leaseFor(3_600);
    assert.equal(granted.length, 2);
  });

  it('are for one time to live', async () => {
    const { granted, pool } = setUp();
    await Promise.all([pool.leaseFor(3_600), pool.leaseFor(60)]);
    assert.deepEqual(granted, [3_660, 63]);
  });

  it('are asked for again once forgotten', async () => {
    const { granted, pool } = setUp();
    await pool.leaseFor(3_600);
    pool.forget(3_600);
    await pool.leaseFor(3_600);
    assert.equal(granted.length, 2);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';

import { planDisruption, type ZoneState } from './zone-disruption.ts';
import { ZoneEvictionQueue } from './zone-eviction-queue.ts';

const RATES = { normal: 0.1, secondary: 0.01, unhealthyThreshold: 0.55, largeZone: 50 };

interface Row {
  readonly name: string;
  readonly before?: Readonly<Record<string, ZoneState>>;
  /** Ready and silent nodes. */
  readonly zones: Readonly<Record<string, readonly [number, number]>>;
  readonly states: Readonly<Record<string, ZoneState>>;
  readonly rates: Readonly<Record<string, number>>;
  readonly flags?: string;
}

const rows: readonly Row[] = [
  { name: 'a healthy zone', zones: { a: [3, 0] }, states: { a: 'Normal' }, rates: { a: 0.1 } },
  { name: 'two silent nodes of three', zones: { a: [1, 2] }, states: { a: 'Normal' }, rates: { a: 0.1 } },
  { name: 'most of a small zone', zones: { a: [2, 3] }, states: { a: 'PartialDisruption' }, rates: { a: 0 } },
  { name: 'most of a large zone', zones: { a: [20, 40] }, states: { a: 'PartialDisruption' }, rates: { a: 0.01 } },
  {
    name: 'one zone of two',
    before: { a: 'Normal', b: 'Normal' },
    zones: { a: [3, 0], b: [0, 3] },
    states: { a: 'Normal', b: 'FullDisruption' },
    rates: { b: 0.1 },
  },
  {
    name: 'everything',
    before: { a: 'Normal' },
    zones: { a: [0, 3] },
    states: { a: 'FullDisruption' },
    rates: { a: 0 },
    flags: 'forgive',
  },
  {
    name: 'everything, still',
    before: { a: 'FullDisruption' },
    zones: { a: [0, 3] },
    states: { a: 'FullDisruption' },
    rates: {},
  },
  {
    name: 'everything until now',
    before: { a: 'FullDisruption' },
    zones: { a: [1, 2] },
    states: { a: 'Normal' },
    rates: { a: 0.1 },
    flags: 'restart',
  },
];

describe('planDisruption', () => {
  for (const { name, before = {}, zones, states, rates, flags = '' } of rows) {
    it(name, () => {
      const counts = Object.entries(zones).map(([zone, [ready, notReady]]) => [zone, { ready, notReady }] as const);
      const plan = planDisruption(new Map(Object.entries(before)), new Map(counts), RATES);
      assert.deepEqual(Object.fromEntries(plan.states), states);
      assert.deepEqual(Object.fromEntries(plan.rates), rates);
      assert.equal(`${plan.forgiveAll ? 'forgive' : ''}${plan.restartAll ? 'restart' : ''}`, flags);
    });
  }
});

describe('ZoneEvictionQueue', () => {
  it('hands nodes out one by one', async () => {
    const clock = new FakeClock();
    const queue = new ZoneEvictionQueue(clock, 0.1);
    for (const name of ['a', 'b']) queue.add(name);
    const take = (): readonly string[] => {
      const names = [...queue.due()];
      for (const name of names) queue.remove(name);
      return names;
    };
    assert.deepEqual(take(), ['a']);
    await clock.advance(9000);
    assert.deepEqual(take(), []);
    await clock.advance(1000);
    assert.deepEqual(take(), ['b']);
  });

  it('hands out none at rate 0', async () => {
    const clock = new FakeClock();
    const queue = new ZoneEvictionQueue(clock, 0.1);
    queue.add('a');
    queue.setRate(0);
    await clock.advance(3_600_000);
    assert.deepEqual([...queue.due()], []);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FakeClock } from '@kts/base/testing';
import fc from 'fast-check';

import type { PriorityLevelConfiguration } from '@kts/api/types/flowcontrol-v1';

import { allocateSeats, fairShares, smoothedDemand } from './allocate-seats.ts';
import { DroppedRequests } from './dropped-requests.ts';
import { FairQueues, type Ticket } from './fair-queues.ts';
import { FlowController, type Admission } from './flow-controller.ts';
import { levelLimits, type LevelLimits } from './level-limits.ts';
import { dealHand, flowHash } from './shuffle-shard.ts';

describe('shuffle sharding', () => {
  it('deals different cards of the deck, the same for the same flow', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 1, max: 10 }),
        (user, deck, hand) => {
          const cards = dealHand(flowHash('schema', user), deck, hand);
          assert.equal(new Set(cards).size, Math.min(deck, hand));
          assert.ok(cards.every((card) => card >= 0 && card < deck));
          assert.deepEqual(dealHand(flowHash('schema', user), deck, hand), cards);
        },
      ),
    );
  });

  it('tells schema and user apart', () => {
    assert.notEqual(flowHash('ab', 'c'), flowHash('a', 'bc'));
    assert.equal(dealHand(0n, 8, 3).join(), '0,1,2');
    assert.equal(dealHand(7n + 8n * 6n, 8, 2).join(), '7,6');
  });
});

type Limited = NonNullable<PriorityLevelConfiguration['spec']>['limited'];
const level = (name: string, limited: Limited): PriorityLevelConfiguration =>
  ({ metadata: { name }, spec: { type: 'Limited', limited } }) as PriorityLevelConfiguration;
const exemptLevel = { metadata: { name: 'exempt' }, spec: { type: 'Exempt' } } as PriorityLevelConfiguration;

describe('limits of priority levels', () => {
  const rows: readonly [levels: PriorityLevelConfiguration[], seats: number, limits: Partial<LevelLimits>[]][] = [
    [[level('a', { nominalConcurrencyShares: 30 })], 600, [{ nominalSeats: 600, minSeats: 600, maxSeats: 1200 }]],
    [
      [
        level('a', { nominalConcurrencyShares: 10, lendablePercent: 50, borrowingLimitPercent: 0 }),
        level('b', { nominalConcurrencyShares: 20 }),
        exemptLevel,
      ],
      100,
      [
        { nominalSeats: 34, minSeats: 17, maxSeats: 34 },
        { nominalSeats: 67, minSeats: 67, maxSeats: 167 },
        { nominalSeats: 0, minSeats: 0, exempt: true },
      ],
    ],
    [[level('none', { nominalConcurrencyShares: 0 })], 100, [{ nominalSeats: 0 }]],
  ];
  for (const [levels, seats, expected] of rows) {
    it(`${levels.map(({ metadata }) => metadata.name).join()} share ${seats}`, () => {
      const limits = levelLimits(levels, seats);
      expected.forEach((one, index) => assert.partialDeepStrictEqual(limits[index], one));
    });
  }

  it('refuse at once or queue', () => {
    const [reject, queue] = levelLimits(
      [
        level('a', { limitResponse: { type: 'Reject' } }),
        level('b', { limitResponse: { type: 'Queue', queuing: { queues: 2, handSize: 1, queueLengthLimit: 3 } } }),
      ],
      10,
    );
    assert.equal(reject?.queuing, undefined);
    assert.deepEqual(queue?.queuing, { queues: 2, handSize: 1, queueLengthMax: 3 });
  });
});

const limits = (name: string, nominalSeats: number, extra: Partial<LevelLimits> = {}): LevelLimits => ({
  name,
  exempt: false,
  nominalSeats,
  minSeats: nominalSeats,
  maxSeats: nominalSeats + 100,
  ...extra,
});

describe('borrowing', () => {
  const rows: readonly [name: string, demands: Parameters<typeof allocateSeats>[0], seats: Record<string, number>][] = [
    [
      'nobody wants anything: everybody has his share',
      [
        { limits: limits('a', 10), highWatermark: 0, smoothed: 0 },
        { limits: limits('b', 20), highWatermark: 0, smoothed: 0 },
      ],
      { a: 10, b: 20 },
    ],
    [
      'an idle level lends what it lends',
      [
        { limits: limits('idle', 10, { minSeats: 4 }), highWatermark: 0, smoothed: 0 },
        { limits: limits('busy', 10), highWatermark: 50, smoothed: 50 },
      ],
      { idle: 4, busy: 16 },
    ],
    [
      'nobody borrows more than he may',
      [
        { limits: limits('idle', 10, { minSeats: 0 }), highWatermark: 0, smoothed: 0 },
        { limits: limits('busy', 10, { maxSeats: 12 }), highWatermark: 50, smoothed: 50 },
      ],
      { idle: 8, busy: 12 },
    ],
    [
      'exempt levels take what they need first',
      [
        { limits: limits('exempt', 0, { exempt: true, minSeats: 0 }), highWatermark: 5, smoothed: 5 },
        { limits: limits('a', 10, { minSeats: 0 }), highWatermark: 10, smoothed: 10 },
      ],
      { exempt: 5, a: 5 },
    ],
  ];
  for (const [name, demands, seats] of rows) {
    it(name, () => assert.deepEqual(Object.fromEntries(allocateSeats(demands)), seats));
  }

  it('shares add up and keep their bounds', () => {
    const bound = fc.nat({ max: 50 });
    const problems = fc.array(fc.tuple(bound, bound, bound), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(problems, fc.nat({ max: 500 }), (triples, total) => {
        const all = triples.map(([least, more, extra]) => ({ least, most: least + more, target: least + extra }));
        const shares = fairShares(total, all);
        const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
        const low = sum(all.map(({ least }) => least));
        const high = sum(all.map(({ most }) => most));
        assert.ok(Math.abs(sum(shares) - Math.min(high, Math.max(low, total))) < 1e-6);
        shares.forEach((share, index) => {
          assert.ok(share >= all[index]!.least - 1e-9 && share <= all[index]!.most + 1e-9);
        });
      }),
    );
  });

  it('is forgotten slowly', () => {
    assert.equal(smoothedDemand(0, 8), 8);
    assert.ok(smoothedDemand(100, 0) > 97);
  });
});

const QUEUING = { queues: 8, handSize: 1, queueLengthMax: 10 };

describe('fair queues', () => {
  const start = (seats: number, extra: Partial<LevelLimits> = {}): FairQueues =>
    new FairQueues(limits('l', seats, { queuing: QUEUING, ...extra }));

  it('give free seats at once, and let the next one wait', () => {
    const queues = start(2);
    const first = queues.trySeat(1, 0)!;
    assert.ok(queues.trySeat(1, 0));
    assert.equal(queues.trySeat(1, 0), undefined);
    let dispatched = false;
    queues.enqueue(1, 0n, () => (dispatched = true));
    assert.deepEqual([queues.executing, queues.inQueue, dispatched], [2, 1, false]);
    queues.finish(first, 5);
    assert.deepEqual([queues.executing, queues.inQueue, dispatched], [2, 0, true]);
  });

  it('let nobody pass those who wait', () => {
    const queues = start(2);
    queues.trySeat(2, 0);
    queues.enqueue(2, 0n, () => {});
    assert.equal(queues.trySeat(1, 0), undefined);
  });

  it('seat a request alone that is wider than the level', () => {
    const queues = start(2);
    assert.ok(queues.trySeat(10, 0));
    assert.equal(queues.seatsInUse, 10);
    assert.equal(queues.trySeat(1, 0), undefined);
  });

  it('refuse what finds its queue full, and everything without queues', () => {
    const full = start(1);
    full.trySeat(1, 0);
    for (let count = 0; count < QUEUING.queueLengthMax; count++) full.enqueue(1, 0n, () => {});
    assert.equal(
      full.enqueue(1, 0n, () => {}),
      'queue-full',
    );
    assert.equal(typeof full.enqueue(1, 1n, () => {}), 'object');
    const none = new FairQueues(limits('l', 1));
    none.trySeat(1, 0);
    assert.equal(
      none.enqueue(1, 0n, () => {}),
      'concurrency-limit',
    );
  });

  it('never let exempt requests wait', () => {
    const queues = start(0, { exempt: true });
    for (let count = 0; count < 100; count++) assert.ok(queues.trySeat(1, 0));
  });

  it('forget those who leave', () => {
    const queues = start(1);
    const first = queues.trySeat(1, 0)!;
    const gone = queues.enqueue(1, 0n, () => assert.fail('was dispatched')) as Ticket;
    assert.equal(queues.abandon(gone), true);
    assert.equal(queues.abandon(gone), false);
    assert.equal(queues.abandon(first), false);
    queues.finish(first, 1);
    assert.deepEqual([queues.executing, queues.inQueue, queues.seatsInUse], [0, 0, 0]);
  });

  it('let a small flow through beside a flood', () => {
    const queues = start(1, { queuing: { ...QUEUING, queueLengthMax: 1000 } });
    const order: string[] = [];
    let running: Ticket | undefined = queues.trySeat(1, 0)!;
    const add = (flow: string, hash: bigint): void => {
      const ticket = queues.enqueue(1, hash, () => {
        order.push(flow);
        running = ticket as Ticket;
      });
    };
    for (let count = 0; count < 50; count++) add('flood', 0n);
    for (let count = 0; count < 5; count++) add('small', 1n);
    for (let now = 10; order.length < 20; now += 10) queues.finish(running!, now);
    assert.equal(order.filter((flow) => flow === 'small').length, 5);
    assert.ok(order.lastIndexOf('small') <= 11, order.join());
  });

  it('serve everybody exactly once, within the limit', () => {
    const request = fc.record({ width: fc.integer({ min: 1, max: 4 }), flow: fc.bigInt({ min: 0n, max: 20n }) });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (requests, seats) => {
        const queues = start(seats, { queuing: { ...QUEUING, queueLengthMax: 100 } });
        const running: Ticket[] = [];
        let served = 0;
        for (const { width, flow } of requests) {
          const ticket =
            queues.trySeat(width, 0) ??
            queues.enqueue(width, flow, () => {
              running.push(ticket as Ticket);
              served++;
            });
          if ((ticket as Ticket).queue === undefined) {
            running.push(ticket as Ticket);
            served++;
          }
        }
        for (let now = 1; running.length > 0; now++) {
          const used = running.reduce((sum, { width }) => sum + width, 0);
          assert.equal(used, queues.seatsInUse);
          assert.ok(used <= seats || running.length === 1);
          queues.finish(running.shift()!, now);
        }
        assert.equal(served, requests.length);
        assert.deepEqual([queues.inQueue, queues.seatsInUse, queues.executing], [0, 0, 0]);
      }),
    );
  });
});

describe('dropped requests', () => {
  it('make clients stay away longer and longer, and shorter again', () => {
    const dropped = new DroppedRequests();
    const seconds: number[] = [];
    for (let second = 1; second <= 12; second++) {
      for (let count = 0; count < 50; count++) dropped.record(second * 1000);
      seconds.push(dropped.retryAfterSeconds);
    }
    assert.deepEqual(seconds, [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8]);
    dropped.record(100_000);
    dropped.record(101_000);
    assert.equal(dropped.retryAfterSeconds, 6);
  });
});

describe('the flow controller', () => {
  const flow = (levelName: string, distinguisher = ''): Parameters<FlowController['tryAdmit']>[0] => ({
    schemaName: 's',
    schemaUid: '',
    levelName,
    levelUid: '',
    distinguisher,
  });
  const controllerWith = (clock: FakeClock, ...levels: PriorityLevelConfiguration[]): FlowController => {
    const controller = new FlowController({ clock, serverSeats: 2, waitMs: 15_000 });
    controller.configure(levels);
    return controller;
  };
  const queued = level('busy', {
    nominalConcurrencyShares: 1,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 1 } },
  });
  const release = (admission: Admission | undefined): void => {
    assert.ok(admission?.admitted);
    admission.release();
  };

  it('lets everybody through whose level it does not know', () => {
    const controller = controllerWith(new FakeClock());
    for (let count = 0; count < 10; count++) assert.ok(controller.tryAdmit(flow('unknown'), 1)?.admitted);
  });

  it('lets a request wait for its turn', async () => {
    const clock = new FakeClock();
    const controller = controllerWith(clock, queued);
    const both = [controller.tryAdmit(flow('busy'), 1), controller.tryAdmit(flow('busy'), 1)];
    assert.equal(controller.tryAdmit(flow('busy'), 1), undefined);
    const third = controller.admit(flow('busy'), 1, new AbortController().signal);
    release(both[0]);
    assert.ok((await third).admitted);
    assert.equal(clock.timers, 0);
  });

  it('refuses what has waited too long, what finds no place, and what has gone', async () => {
    const clock = new FakeClock();
    const controller = controllerWith(clock, queued);
    controller.tryAdmit(flow('busy'), 2);
    const { signal } = new AbortController();
    const late = controller.admit(flow('busy'), 1, signal);
    const full = await controller.admit(flow('busy'), 1, signal);
    assert.deepEqual(full, { admitted: false, reason: 'queue-full', retryAfterSeconds: 1 });
    await clock.advance(15_000);
    assert.partialDeepStrictEqual(await late, { admitted: false, reason: 'time-out' });
    const gone = controller.admit(flow('busy'), 1, AbortSignal.abort());
    assert.partialDeepStrictEqual(await gone, { admitted: false, reason: 'cancelled' });
    assert.deepEqual(controller.levels.get('busy')?.queues.inQueue, 0);
  });

  it('lends seats of an idle level to a busy one, until it wants them back', async () => {
    const idle = level('idle', { nominalConcurrencyShares: 1, lendablePercent: 100 });
    const busy = level('busy', { nominalConcurrencyShares: 1, limitResponse: { type: 'Queue' } });
    const controller = controllerWith(new FakeClock(), idle, busy);
    const seats = (): (number | undefined)[] =>
      ['idle', 'busy'].map((name) => controller.levels.get(name)?.queues.seats);
    assert.deepEqual(seats(), [0, 2]);
    const first = controller.tryAdmit(flow('busy'), 1);
    assert.equal(controller.tryAdmit(flow('idle'), 1), undefined);
    const second = await controller.admit(flow('idle'), 1, new AbortController().signal);
    assert.deepEqual(seats(), [1, 1]);
    release(second);
    for (let period = 0; period < 200; period++) controller.configure([idle, busy]);
    assert.deepEqual(seats(), [0, 2]);
    release(first);
  });
});

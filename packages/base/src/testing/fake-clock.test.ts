import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new FakeClock(5_000);
    assert.deepEqual([clock.now(), clock.monotonic()], [5_000, 0]);
    await clock.advance(250);
    assert.deepEqual([clock.now(), clock.monotonic()], [5_250, 250]);
  });

  it('fires timers in order of time, then of creation, each at its own time', async () => {
    const clock = new FakeClock(0);
    const fired: string[] = [];
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['d', 30],
      ['b', 20],
      ['now', -5],
      ['never', 31],
    ] as const) {
      clock.after(ms, () => fired.push(`${name}@${clock.now()}`));
    }
    await clock.advance(30);
    assert.deepEqual(fired, ['now@0', 'a@10', 'b@20', 'c@30', 'd@30']);
    assert.equal(clock.timers, 1);
  });

  it('does not fire what was cancelled', async () => {
    const clock = new FakeClock();
    let fired = false;
    const timer = clock.after(10, () => (fired = true));
    timer.cancel();
    await clock.advance(10);
    assert.deepEqual([fired, clock.timers], [false, 0]);
  });

  it('fires what timers start on the way, if it falls due', async () => {
    const clock = new FakeClock(0);
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.advance(35);
    assert.deepEqual(ticks, [10, 20, 30]);
  });

  it('lets what a timer set in motion settle before the next one fires', async () => {
    const clock = new FakeClock(0);
    const log: string[] = [];
    const work = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      for (let step = 0; step < 5; step++) await Promise.resolve();
      log.push(`${name}@${clock.now()}`);
    };
    const all = Promise.all([work('a', 10), work('b', 20)]);
    await clock.advance(20);
    await all;
    assert.deepEqual(log, ['a@10', 'b@20']);
  });

  it('runs a loop of sleeps as often as time allows', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    let rounds = 0;
    const loop = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(1_000, controller.signal);
        rounds++;
      }
    };
    const running = loop();
    await clock.advance(10_500);
    controller.abort(new Error('stop'));
    await assert.rejects(running, { message: 'stop' });
    assert.deepEqual([rounds, clock.timers], [10, 0]);
  });
});

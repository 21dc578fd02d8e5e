import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { formatMicroTime, formatTime } from './clock.ts';
import { systemClock } from './system-clock.ts';
import { FakeClock } from './testing/index.ts';

describe('formatTime', () => {
  const rows: readonly (readonly [ms: number, time: string, microTime: string])[] = [
    [0, '1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000000Z'],
    [1_767_225_600_000, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z'],
    [1_767_225_600_999, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.999000Z'],
    [1_709_210_096_007, '2024-02-29T12:34:56Z', '2024-02-29T12:34:56.007000Z'],
  ];
  for (const [ms, time, microTime] of rows) {
    it(`${ms} ms is ${microTime}`, () => assert.deepEqual([formatTime(ms), formatMicroTime(ms)], [time, microTime]));
  }
});

describe('sleep', () => {
  it('resolves when its time is over, and not before', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const sleeping = clock.sleep(1_000).then(() => log.push('awake'));
    await clock.advance(999);
    assert.deepEqual(log, []);
    await clock.advance(1);
    assert.deepEqual(log, ['awake']);
    await sleeping;
  });

  it('rejects with the reason of its signal at once, and takes its timer along', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await assert.rejects(sleeping, reason);
    assert.equal(clock.timers, 0);
  });

  it('does not start when the signal is aborted already', async () => {
    const clock = new FakeClock();
    const reason = new Error('stop');
    await assert.rejects(clock.sleep(1_000, AbortSignal.abort(reason)), reason);
    assert.equal(clock.timers, 0);
  });

  it('leaves nothing behind in its signal', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const sleeping = clock.sleep(1_000, signal);
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    await clock.advance(1_000);
    await sleeping;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

describe('systemClock', () => {
  it('fires timers, and not those that were cancelled', async () => {
    const fired: string[] = [];
    systemClock.after(2, () => fired.push('late'));
    systemClock.after(-1, () => fired.push('early'));
    systemClock.after(1, () => fired.push('cancelled')).cancel();
    await systemClock.sleep(4);
    // On a busy machine both are due at once, and then their order is Node's own affair.
    assert.deepEqual(fired.toSorted(), ['early', 'late']);
  });

  it('waits for delays that are longer than a timer can be', async () => {
    let fired = false;
    const timer = systemClock.after(2 ** 31 + 1_000, () => (fired = true));
    await systemClock.sleep(4);
    timer.cancel();
    assert.equal(fired, false);
  });

  it('has a monotonic time that passes with the timers', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(3);
    assert.ok(systemClock.monotonic() > before);
  });
});

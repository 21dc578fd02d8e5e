import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { forEachLimit, TaskGroup } from './task-group.ts';
import { FakeClock } from './testing/index.ts';

describe('TaskGroup', () => {
  it('is done when every task has ended, those started by tasks too', async () => {
    const clock = new FakeClock();
    const group = new TaskGroup(new AbortController().signal);
    const ended: string[] = [];
    group.start(async () => {
      await clock.sleep(10);
      group.start(async () => {
        await clock.sleep(10);
        ended.push('inner');
      });
      ended.push('outer');
    });
    const done = group.done().then(() => ended.push('done'));
    await clock.advance(20);
    await done;
    assert.deepEqual(ended, ['outer', 'inner', 'done']);
  });

  it('is done at once without tasks', () => new TaskGroup(new AbortController().signal).done());

  it('stops the siblings of a task that fails, waits for them, and reports the first failure', async () => {
    const clock = new FakeClock();
    const group = new TaskGroup(new AbortController().signal);
    const failure = new Error('first');
    let cleanedUp = false;
    group.start(async (signal) => {
      await assert.rejects(clock.sleep(1_000, signal), failure);
      await clock.sleep(50);
      cleanedUp = true;
      throw new Error('second');
    });
    group.start(async () => {
      await clock.sleep(10);
      throw failure;
    });
    const done = assert.rejects(group.done(), failure);
    await clock.advance(60);
    await done;
    assert.deepEqual([cleanedUp, clock.timers], [true, 0]);
  });

  for (const [title, stop] of [
    ['stop', (group: TaskGroup) => group.stop()],
    ["its parent's signal", (_: TaskGroup, parent: AbortController) => parent.abort()],
  ] as const) {
    it(`ends normally on ${title}`, async () => {
      const clock = new FakeClock();
      const parent = new AbortController();
      const group = new TaskGroup(parent.signal);
      group.start((signal) => clock.sleep(1_000, signal));
      stop(group, parent);
      await group.done();
      assert.deepEqual([group.signal.aborted, clock.timers], [true, 0]);
    });
  }

  it('leaves nothing behind in its parent', async () => {
    const parent = new AbortController();
    const group = new TaskGroup(parent.signal);
    group.start(async () => {});
    await group.done();
    assert.equal(getEventListeners(parent.signal, 'abort').length, 0);
  });
});

describe('forEachLimit', () => {
  it('works on every item, with no more than the limit at a time', async () => {
    const clock = new FakeClock();
    const worked = new Set<number>();
    let running = 0;
    let most = 0;
    const all = forEachLimit([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running);
      await clock.sleep(item);
      worked.add(item);
      running--;
    });
    await clock.advance(100);
    await all;
    assert.deepEqual([worked, most], [new Set([1, 2, 3, 4, 5, 6, 7]), 3]);
  });

  it('starts nothing after a failure, and throws it once the others have ended', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const all = forEachLimit([10, 20, 30, 40], 2, async (item) => {
      log.push(`start ${item}`);
      await clock.sleep(item);
      if (item === 10) throw new Error('ten');
      log.push(`end ${item}`);
    });
    const rejected = assert.rejects(all, { message: 'ten' });
    await clock.advance(100);
    await rejected;
    assert.deepEqual(log, ['start 10', 'start 20', 'end 20']);
  });

  it('takes any iterable, also an empty one', async () => {
    const seen: string[] = [];
    await forEachLimit(new Set(['a', 'b']), 10, async (item) => void seen.push(item));
    await forEachLimit(new Map<string, string>(), 1, async () => assert.fail('called'));
    assert.deepEqual(seen, ['a', 'b']);
  });
});

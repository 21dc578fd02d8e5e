import assert from 'node:assert/strict';
import { test } from 'node:test';

import { silentLogger } from '@kts/base';
import { FakeClock } from '@kts/base/testing';
import { createMemoryStore } from '@kts/store';

import { COMPACTION_INTERVAL_MS, compactRegularly } from './compaction.ts';

test('history lives for one interval at least and two at most', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const stop = new AbortController();
  const write = async (): Promise<number> => {
    await store.put('/a', new Uint8Array());
    return store.revision();
  };
  const isKnown = async (revision: number): Promise<boolean> => (await store.list({ prefix: '/', revision })).ok;
  const first = await write();
  const running = compactRegularly(store, COMPACTION_INTERVAL_MS, { clock, log: silentLogger }, stop.signal);
  await clock.advance(1);
  const second = await write();
  await write();
  await clock.advance(COMPACTION_INTERVAL_MS);
  assert.deepEqual([await isKnown(first), await isKnown(second)], [true, true]);
  const third = await write();
  await write();
  await clock.advance(COMPACTION_INTERVAL_MS);
  assert.deepEqual([await isKnown(second), await isKnown(third)], [false, true]);
  stop.abort();
  await running;
});

test('history is kept for ever without an interval', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  await compactRegularly(store, 0, { clock, log: silentLogger }, new AbortController().signal);
  assert.equal(clock.timers, 0);
});

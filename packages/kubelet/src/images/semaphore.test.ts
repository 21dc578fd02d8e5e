import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '@kts/base/testing';
import { Semaphore } from './semaphore.ts';

test('lets as many in as there are places, in the order they came', async () => {
  const semaphore = new Semaphore(1);
  const { signal } = new AbortController();
  const entered: string[] = [];
  const first = await semaphore.acquire(signal);
  const waiting = ['b', 'c'].map(async (name) => {
    using _ = await semaphore.acquire(signal);
    entered.push(name);
  });
  await settle();
  assert.deepEqual(entered, []);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  assert.deepEqual(entered, ['b', 'c']);
});

test('who gives up waiting keeps nobody else out', async () => {
  const semaphore = new Semaphore(1);
  const first = await semaphore.acquire(new AbortController().signal);
  const controller = new AbortController();
  const rejected = assert.rejects(semaphore.acquire(controller.signal));
  controller.abort();
  await rejected;
  first[Symbol.dispose]();
  using _ = await semaphore.acquire(new AbortController().signal);
});

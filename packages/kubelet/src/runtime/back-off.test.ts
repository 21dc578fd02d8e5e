import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackOff } from './back-off.ts';

test('waits grow from 10 s to 5 min, and start afresh after 10 quiet minutes', () => {
  const backOff = new BackOff(10_000, 300_000);
  const waits: number[] = [];
  for (let count = 0; count < 7; count++) {
    backOff.next('c', 0, 0);
    waits.push(backOff.waitMs('c') / 1000);
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 300, 300]);
  backOff.next('c', 600_001, 600_001);
  assert.equal(backOff.waitMs('c'), 10_000);
});

test('the wait counts from the event', () => {
  const backOff = new BackOff(10_000, 300_000);
  assert.equal(backOff.isWaiting('c', 1000, 1000), false);
  backOff.next('c', 1000, 1000);
  assert.equal(backOff.isWaiting('c', 5000, 14_999), true);
  assert.equal(backOff.isWaiting('c', 5000, 15_000), false);
});

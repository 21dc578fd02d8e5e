import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Toleration } from '@kts/api/types/core-v1';

import { planEviction, type ScheduledEviction } from './plan-taint-eviction.ts';

const NOW = 1_000_000;
const TAINTS = [{ key: 'a', effect: 'NoExecute' }] as const;
const forSeconds = (tolerationSeconds?: number): Toleration => ({
  key: 'a',
  operator: 'Exists',
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

interface Row {
  readonly name: string;
  readonly taints?: typeof TAINTS | [];
  readonly tolerations: readonly Toleration[];
  readonly before?: ScheduledEviction;
  readonly plan: string;
}

const later = { at: NOW + 5000, isDone: false };
const done = { at: NOW - 5000, isDone: true };
const rows: readonly Row[] = [
  { name: 'no toleration', tolerations: [], plan: 'evict' },
  { name: 'tolerated', tolerations: [forSeconds()], plan: 'stay' },
  { name: 'tolerated for a while', tolerations: [forSeconds(30)], plan: 'in 30' },
  { name: 'tolerated for no time', tolerations: [forSeconds(0)], plan: 'evict' },
  { name: 'the first toleration counts', tolerations: [forSeconds(30), forSeconds(5)], plan: 'in 30' },
  { name: 'the time runs on', tolerations: [forSeconds(30)], before: later, plan: 'in 5' },
  { name: 'the time is over', tolerations: [forSeconds(30)], before: { at: NOW, isDone: false }, plan: 'evict' },
  { name: 'the taint is gone', taints: [], tolerations: [forSeconds(30)], before: later, plan: 'cancel, stay' },
  { name: 'gone after the eviction', taints: [], tolerations: [forSeconds(30)], before: done, plan: 'stay' },
  { name: 'no longer tolerated', tolerations: [], before: later, plan: 'cancel, evict' },
  { name: 'evicted already', tolerations: [forSeconds(30)], before: done, plan: 'done' },
];

describe('planEviction', () => {
  for (const { name, taints = TAINTS, tolerations, before, plan } of rows) {
    it(`${name}: ${plan}`, () => {
      const { cancel, next, evict } = planEviction({ taints, tolerations, scheduled: before, now: NOW });
      const then = evict ? 'evict' : !next ? 'stay' : next.isDone ? 'done' : `in ${(next.at - NOW) / 1000}`;
      assert.equal(cancel ? `cancel, ${then}` : then, plan);
    });
  }
});

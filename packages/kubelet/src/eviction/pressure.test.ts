import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_PRESSURE, observePressure, type Observations, type PressureState } from './pressure.ts';
import type { Signal, Threshold } from './thresholds.ts';

const MEMORY: Threshold = { signal: 'memory.available', value: { quantity: '100' }, graceMs: 0 };
const DISK: Threshold = { signal: 'nodefs.available', value: { share: 0.1 }, graceMs: 0 };
const TRANSITION_MS = 300_000;

function seen(available: Partial<Record<Signal, number>>): Observations {
  const entries = Object.entries(available) as [Signal, number][];
  return new Map(entries.map(([signal, amount]) => [signal, { available: amount, capacity: 1000 }]));
}

/** Looks one after another, ten seconds apart; returns what each led to. */
function looks(thresholds: readonly Threshold[], ...observations: readonly Observations[]) {
  let state: PressureState = NO_PRESSURE;
  return observations.map((observation, index) => {
    const options = { now: index * 10_000, transitionMs: TRANSITION_MS };
    const result = observePressure(state, thresholds, observation, options);
    state = result.state;
    return { conditions: result.conditions, due: result.due.map(({ signal }) => signal) };
  });
}

describe('pressure', () => {
  const table: readonly (readonly [string, Observations, readonly string[], readonly Signal[]])[] = [
    ['enough of everything', seen({ 'memory.available': 100, 'nodefs.available': 100 }), [], []],
    [
      'too little memory',
      seen({ 'memory.available': 99, 'nodefs.available': 100 }),
      ['MemoryPressure'],
      ['memory.available'],
    ],
    [
      'too little disk',
      seen({ 'memory.available': 100, 'nodefs.available': 99 }),
      ['DiskPressure'],
      ['nodefs.available'],
    ],
    [
      'both: memory goes first',
      seen({ 'memory.available': 0, 'nodefs.available': 0 }),
      ['DiskPressure', 'MemoryPressure'],
      ['memory.available', 'nodefs.available'],
    ],
    ['nothing known', seen({}), [], []],
  ];
  for (const [name, observation, conditions, due] of table) {
    test(name, () => assert.deepEqual(looks([DISK, MEMORY], observation), [{ conditions, due }]));
  }

  test('a soft threshold is due when its grace period is over', () => {
    const soft = { ...MEMORY, graceMs: 20_000 };
    const low = seen({ 'memory.available': 50 });
    assert.deepEqual(
      looks([soft], low, low, low).map(({ due }) => due),
      [[], [], ['memory.available']],
    );
  });

  test('its grace period begins anew after a moment with enough', () => {
    const soft = { ...MEMORY, graceMs: 20_000 };
    const low = seen({ 'memory.available': 50 });
    const fine = seen({ 'memory.available': 500 });
    assert.deepEqual(looks([soft], low, fine, low, low).at(-1)?.due, []);
  });

  test('a threshold stays met until as much more is free as it wants back', () => {
    const greedy: Threshold = { ...MEMORY, minReclaim: { quantity: '50' } };
    const amounts = [90, 120, 149, 150].map((amount) => seen({ 'memory.available': amount }));
    assert.deepEqual(
      looks([greedy], ...amounts).map(({ due }) => due.length),
      [1, 1, 1, 0],
    );
    assert.deepEqual(looks([greedy], seen({ 'memory.available': 120 }))[0]?.due, [], 'it was never met');
  });

  test('a condition stays for the transition period', () => {
    const low = seen({ 'memory.available': 50 });
    const fine = seen({ 'memory.available': 500 });
    const results = looks([MEMORY], low, ...Array.from({ length: 30 }, () => fine));
    assert.deepEqual(results[29]?.conditions, ['MemoryPressure']);
    assert.deepEqual(results[30]?.conditions, []);
    assert.deepEqual(results[1]?.due, []);
  });
});

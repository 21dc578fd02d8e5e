import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { amountOf, parseThresholds, type EvictionSettings } from './thresholds.ts';

const NONE: EvictionSettings = {
  evictionHard: {},
  evictionSoft: {},
  evictionSoftGracePeriod: {},
  evictionMinimumReclaim: {},
};

describe('thresholds', () => {
  test('hard and soft ones, with grace and reclaim', () => {
    const settings = {
      evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
      evictionSoft: { 'memory.available': '0.3Gi' },
      evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      evictionMinimumReclaim: { 'memory.available': '0Mi', 'nodefs.available': '5%' },
    };
    assert.deepEqual(parseThresholds(settings), [
      { signal: 'memory.available', value: { quantity: '100Mi' }, graceMs: 0, minReclaim: { quantity: '0' } },
      { signal: 'nodefs.available', value: { share: 0.1 }, graceMs: 0, minReclaim: { share: 0.05 } },
      {
        signal: 'memory.available',
        value: { quantity: '322122547200m' },
        graceMs: 90_000,
        minReclaim: { quantity: '0' },
      },
    ]);
  });

  test('0% and 100% switch a signal off', () => {
    const evictionHard = { 'memory.available': '0%', 'pid.available': '100%' };
    assert.deepEqual(parseThresholds({ ...NONE, evictionHard }), []);
  });

  const refused: readonly (readonly [string, Partial<EvictionSettings>, RegExp])[] = [
    ['no such signal', { evictionHard: { 'cpu.available': '1' } }, /^unsupported eviction signal cpu\.available$/],
    ['a signal of Object', { evictionHard: { toString: '1' } }, /^unsupported eviction signal toString$/],
    [
      'zero',
      { evictionHard: { 'memory.available': '0' } },
      /^eviction threshold memory\.available must be positive: 0$/,
    ],
    ['negative', { evictionHard: { 'memory.available': '-1' } }, /must be positive: -1$/],
    ['no number', { evictionHard: { 'memory.available': 'x' } }, /quantities must match/],
    ['more than all', { evictionHard: { 'memory.available': '101%' } }, /must be <= 100%: 101%$/],
    ['less than nothing', { evictionHard: { 'memory.available': '-1%' } }, /must be >= 0%: -1%$/],
    ['no percentage', { evictionHard: { 'memory.available': 'x%' } }, /invalid eviction percentage "x%"/],
    [
      'soft without a grace period',
      { evictionSoft: { 'memory.available': '1Gi' } },
      /^grace period must be specified for the soft eviction threshold memory\.available$/,
    ],
    [
      'a negative grace period',
      { evictionSoft: { 'memory.available': '1Gi' }, evictionSoftGracePeriod: { 'memory.available': '-1s' } },
      /^invalid eviction grace period specified: -1s, must be a positive value$/,
    ],
    [
      'a reclaim of nothing',
      { evictionMinimumReclaim: { 'memory.available': '0%' } },
      /minimum reclaim memory\.available must be positive: 0%$/,
    ],
    [
      'a negative reclaim',
      { evictionMinimumReclaim: { 'memory.available': '-1Gi' } },
      /^negative eviction minimum reclaim specified for memory\.available$/,
    ],
  ];
  for (const [name, settings, message] of refused) {
    test(`refused: ${name}`, () => {
      assert.throws(() => parseThresholds({ ...NONE, ...settings }), { message });
    });
  }

  test('an amount is one, or a share of the capacity', () => {
    assert.equal(amountOf({ quantity: '1Ki' }, 10), 1024);
    assert.equal(amountOf({ share: 0.15 }, 1001), 150);
  });
});

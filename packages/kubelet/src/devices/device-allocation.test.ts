import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseDevices, isExtendedResource, planAllocation, type AllocationInput } from './device-allocation.ts';

const plan = (change: Partial<AllocationInput>) =>
  planAllocation({
    resource: 'example.com/gpu',
    needed: 1,
    healthy: new Set(['a', 'b', 'c']),
    inUse: new Set(),
    reusable: new Set(),
    ...change,
  });

describe('devices for a container', () => {
  const refused: readonly (readonly [string, Partial<AllocationInput>, string])[] = [
    ['no plugin', { healthy: undefined }, 'cannot allocate unregistered device example.com/gpu'],
    [
      'nothing works',
      { healthy: new Set() },
      'no healthy devices present; cannot allocate unhealthy devices example.com/gpu',
    ],
    [
      'too few',
      { needed: 4 },
      'requested number of devices unavailable for example.com/gpu. Requested: 4, Available: 3',
    ],
    [
      'too few left',
      { needed: 2, inUse: new Set(['a', 'b']) },
      'requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1',
    ],
    [
      'too few beside what is there already',
      { needed: 3, reusable: new Set(['a']), inUse: new Set(['a', 'b']) },
      'requested number of devices unavailable for example.com/gpu. Requested: 2, Available: 1',
    ],
  ];
  for (const [name, change, message] of refused) {
    test(`refused: ${name}`, () => assert.deepEqual(plan(change), { ok: false, message }));
  }

  const chosen: readonly (readonly [string, Partial<AllocationInput>, readonly string[], readonly string[]])[] = [
    ['the first that is free', {}, [], ['a']],
    ['not one of another container', { inUse: new Set(['a']) }, [], ['b']],
    ['what the plugin prefers', {}, ['c'], ['c']],
    ['not what it prefers but is taken', { inUse: new Set(['c']) }, ['c'], ['a']],
    [
      'those of init containers first',
      { needed: 2, reusable: new Set(['b']), inUse: new Set(['b']) },
      ['c'],
      ['b', 'c'],
    ],
    ['no more than is needed', { needed: 1, reusable: new Set(['a', 'b']) }, [], ['a']],
  ];
  for (const [name, change, preferred, expected] of chosen) {
    test(name, () => {
      const result = plan(change);
      assert.ok(result.ok);
      assert.deepEqual(chooseDevices(result, change.needed ?? 1, preferred), expected);
    });
  }

  const names: readonly (readonly [string, boolean])[] = [
    ['example.com/gpu', true],
    ['gpu', false],
    ['kubernetes.io/gpu', false],
    ['a.kubernetes.io/gpu', false],
    ['requests.example.com/gpu', false],
    ['example.com/', false],
  ];
  for (const [name, expected] of names) {
    test(`${name} is ${expected ? 'a' : 'no'} resource of a plugin`, () =>
      assert.equal(isExtendedResource(name), expected));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceClaim } from '@kts/api/types/resource-v1';
import { parseTime } from '@kts/apimachinery';
import { claim } from '../testing/devices.ts';
import { hasBindingConditions, hasTimedOut, readinessOf, type Readiness } from './binding-conditions.ts';

const DEVICE = { driver: 'gpu.example.com', pool: 'n', device: 'a' };
const ALLOCATED_AT = '2026-01-01T00:00:00Z';

function bound(
  conditions: readonly string[] | undefined,
  seen?: Readonly<Record<string, 'True' | 'False'>>,
): ResourceClaim {
  const result = {
    ...DEVICE,
    request: 'r',
    ...(conditions && { bindingConditions: conditions, bindingFailureConditions: ['Failed'] }),
  };
  const states = Object.entries(seen ?? {}).map(([type, status]) => ({
    type,
    status,
    reason: 'Because',
    message: 'of "that"',
    lastTransitionTime: ALLOCATED_AT,
  }));
  const allocation = { devices: { results: [result] }, allocationTimestamp: ALLOCATED_AT };
  return claim('c', [{}], { status: { allocation, ...(seen && { devices: [{ ...DEVICE, conditions: states }] }) } });
}

describe('readinessOf', () => {
  const rows: readonly (readonly [name: string, claim: ResourceClaim, expected: Readiness])[] = [
    ['not allocated', claim('c'), 'waiting'],
    ['nothing to wait for', bound(undefined), 'ready'],
    ['nothing seen yet', bound(['Attached']), 'waiting'],
    ['not true yet', bound(['Attached'], { Attached: 'False' }), 'waiting'],
    ['one of two', bound(['Attached', 'Warm'], { Attached: 'True' }), 'waiting'],
    ['all', bound(['Attached', 'Warm'], { Attached: 'True', Warm: 'True' }), 'ready'],
    [
      'failed',
      bound(['Attached'], { Attached: 'True', Failed: 'True' }),
      { failure: 'device binding failed: claim=c, reason=Because, message="of \\"that\\""' },
    ],
    ['not failed', bound(['Attached'], { Attached: 'True', Failed: 'False' }), 'ready'],
  ];
  for (const [name, one, expected] of rows) it(name, () => assert.deepEqual(readinessOf(one), expected));
});

describe('hasTimedOut', () => {
  const now = parseTime(ALLOCATED_AT);
  it('counts from the allocation, for claims that wait', () => {
    assert.deepEqual(
      [hasBindingConditions(bound(['Attached'])), hasBindingConditions(bound(undefined))],
      [true, false],
    );
    assert.equal(hasTimedOut(bound(['Attached']), 1000, now + 1000), false);
    assert.equal(hasTimedOut(bound(['Attached']), 1000, now + 1001), true);
    assert.equal(hasTimedOut(bound(undefined), 1000, now + 9999), false);
    assert.equal(hasTimedOut(claim('c'), 1000, now + 9999), false);
  });
});

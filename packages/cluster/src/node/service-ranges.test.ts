import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ServiceCIDR } from '@kts/api/types/networking-v1';

import { planRangeRoutes, routedRanges } from './service-ranges.ts';

const range = (...cidrs: string[]): ServiceCIDR => ({
  metadata: { name: cidrs[0]!, uid: '1', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { cidrs },
});

test('routes follow the ranges of Services', () => {
  const own = '10.96.0.0/16';
  const rows: [readonly ServiceCIDR[], readonly ServiceCIDR[], readonly string[]][] = [
    [[], [range(own)], []],
    [[range(own)], [], []],
    [[], [range('10.97.0.0/16', 'fd00::/108')], ['route add 10.97.0.0/16 dev eth0']],
    [[range('10.97.0.0/16'), range('10.97.0.0/16')], [range('10.97.0.0/16')], []],
    [
      [range('10.97.0.0/16')],
      [range('10.98.0.0/16')],
      ['route delete 10.97.0.0/16 dev eth0', 'route add 10.98.0.0/16 dev eth0'],
    ],
  ];
  for (const [before, after, expected] of rows) {
    assert.deepEqual(planRangeRoutes(routedRanges(before, own), routedRanges(after, own)), expected);
  }
});

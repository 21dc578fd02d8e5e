import { describe } from 'node:test';
import { testCreation, testUpdate } from '../testing/rule-table.ts';
import { leases } from './lease.ts';

const lease = { definition: leases, base: {} };

describe('leases', () => {
  testCreation(lease, [
    ['the least', {}],
    [
      'no time',
      { spec: { leaseDurationSeconds: 0 } },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'transitions below zero',
      { spec: { leaseTransitions: -1 } },
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['a strategy', { spec: { strategy: 'OldestEmulationVersion' } }],
    ['an unknown strategy', { spec: { strategy: 'x' } }],
    ['a bad strategy', { spec: { strategy: 'a b' } }],
    ['a preferred holder', { spec: { strategy: 'a.b/c', preferredHolder: 'd' } }],
    ['a preferred holder without strategy', { spec: { preferredHolder: 'd' } }],
  ]);
});

describe('changes of leases', () => {
  testUpdate(lease, [
    ['another holder', { spec: { holderIdentity: 'a', leaseDurationSeconds: 1 } }],
    [
      'no time',
      { spec: { leaseDurationSeconds: 0 } },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
  ]);
});

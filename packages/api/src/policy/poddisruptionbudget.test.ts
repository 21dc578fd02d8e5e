import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate } from '../testing/rule-table.ts';
import { podDisruptionBudgets } from './poddisruptionbudget.ts';

const budget = {
  definition: podDisruptionBudgets,
  base: { spec: { selector: { matchLabels: { a: 'b' } }, minAvailable: 1 } },
};
const withSpec = (spec: object): object => ({ spec });

describe('budgets', () => {
  testCreation(budget, [
    ['the least', {}],
    [
      'both',
      withSpec({ maxUnavailable: 1 }),
      'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
    ['neither', withSpec({ minAvailable: null })],
    [
      'below zero',
      withSpec({ minAvailable: -1 }),
      'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'more than all',
      withSpec({ minAvailable: '101%' }),
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'no number',
      withSpec({ minAvailable: 'x' }),
      `spec.minAvailable: Invalid value: "x": a valid percent string must be a numeric string followed by an ending '%'`,
    ],
    [
      'a maximum below zero',
      withSpec({ minAvailable: null, maxUnavailable: -1 }),
      'spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a bad selector',
      withSpec({ selector: { matchLabels: { 'a b': 'c' } } }),
      `spec.selector.matchLabels: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    ['a policy', withSpec({ unhealthyPodEvictionPolicy: 'AlwaysAllow' })],
    [
      'an unknown policy',
      withSpec({ unhealthyPodEvictionPolicy: 'x' }),
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "x": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ]);
});

describe('changes of budgets', () => {
  testUpdate(budget, [
    ['another selector', withSpec({ selector: { matchLabels: { a: 'c' } } })],
    [
      'both',
      withSpec({ maxUnavailable: 1 }),
      'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
  ]);
});

describe('status of budgets', () => {
  testStatusUpdate(budget, [
    ['counts', { status: { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 } }],
    [
      'counts below zero',
      { status: { currentHealthy: -1, desiredHealthy: -1, disruptionsAllowed: -1, expectedPods: -1 } },
      'status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0',
      'status.currentHealthy: Invalid value: -1: must be greater than or equal to 0',
      'status.desiredHealthy: Invalid value: -1: must be greater than or equal to 0',
      'status.expectedPods: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a condition without type',
      { status: { conditions: [{ status: 'True', reason: 'A', lastTransitionTime: '2026-01-01T00:00:00Z' }] } },
      'status.conditions[0].type: Invalid value: "": name part must be non-empty',
      `status.conditions[0].type: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
  ]);
});

import { describe } from 'node:test';
import { testCreation, testUpdate } from '../testing/rule-table.ts';
import { priorityClasses } from './priorityclass.ts';

const priorityClass = { definition: priorityClasses, base: { value: 1 } };

describe('priority classes', () => {
  testCreation(priorityClass, [
    ['the least', {}],
    ['the most of a user', { value: 1_000_000_000 }],
    [
      'more than a user may',
      { value: 1_000_000_001 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    ['below zero', { value: -1 }],
    [
      'a name of the system',
      { metadata: { name: 'system-x' } },
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
    ],
    ['a class of the system', { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 }],
    [
      'a class of the system with another value',
      { metadata: { name: 'system-node-critical' }, value: 1 },
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: value of system-node-critical PriorityClass must be 2000001000",
    ],
    [
      'an unknown policy',
      { preemptionPolicy: 'x' },
      'preemptionPolicy: Unsupported value: "x": supported values: "PreemptLowerPriority", "Never"',
    ],
  ]);
});

describe('changes of priority classes', () => {
  testUpdate(priorityClass, [
    ['a description', { description: 'a' }],
    ['another value', { value: 2 }, 'value: Forbidden: may not be changed in an update.'],
    ['another policy', { preemptionPolicy: 'Never' }, 'preemptionPolicy: Invalid value: "Never": field is immutable'],
  ]);
});

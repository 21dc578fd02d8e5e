import { describe } from 'node:test';
import { testCreation, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { runtimeClasses } from './runtimeclass.ts';

const runtimeClass = { definition: runtimeClasses, base: { handler: 'runc' } };

describe('runtime classes', () => {
  testCreation(runtimeClass, [
    ['the least', {}],
    ['no handler', { handler: '' }, 'handler: Required value'],
    [
      'a bad handler',
      { handler: 'A' },
      `handler: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
    ],
    ['overhead', { overhead: { podFixed: { cpu: '1' } } }],
    [
      'overhead below zero',
      { overhead: { podFixed: { cpu: '-1' } } },
      'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    ['a place', { scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a', operator: 'Exists' }] } }],
    [
      'a bad place',
      { scheduling: { nodeSelector: { 'a b': 'c' } } },
      `scheduling.nodeSelector: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'a bad toleration',
      { scheduling: { tolerations: [{ key: 'a', operator: 'x' }] } },
      'scheduling.tolerations[0].operator: Unsupported value: "x": supported values: "Equal", "Exists"',
    ],
    [
      'a toleration twice',
      {
        scheduling: {
          tolerations: [
            { key: 'a', operator: 'Exists' },
            { key: 'a', operator: 'Exists' },
          ],
        },
      },
      'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
    ],
  ]);
});

describe('changes of runtime classes', () => {
  testUpdate(runtimeClass, [
    ['overhead', { overhead: { podFixed: { cpu: '1' } } }],
    ['another handler', { handler: 'runsc' }, 'handler: Invalid value: "runsc": field is immutable'],
  ]);
});

describe('warnings about runtime classes', () => {
  testWarnings(runtimeClass, [
    ['none', {}],
    [
      'a label that has another name',
      { scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } } },
      'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
  ]);
});

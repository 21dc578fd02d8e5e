import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { node, type NodeFields } from '../nodes/testing/node-objects.ts';
import { planNodeRepair } from './condition-taints.ts';

const taint = (key: string) => ({ key: `node.kubernetes.io/${key}`, effect: 'NoSchedule' }) as const;

interface Row extends NodeFields {
  readonly name: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly relabel?: Readonly<Record<string, string>>;
}

const rows: readonly Row[] = [
  { name: 'well', ready: 'True' },
  { name: 'not ready', ready: 'False', add: ['not-ready'] },
  { name: 'silent', ready: 'Unknown', taints: [taint('not-ready')], add: ['unreachable'], remove: ['not-ready'] },
  { name: 'short of memory', conditions: [{ type: 'MemoryPressure', status: 'True' }], add: ['memory-pressure'] },
  { name: 'cordoned', unschedulable: true, add: ['unschedulable'] },
  { name: 'no longer cordoned', taints: [taint('unschedulable')], remove: ['unschedulable'] },
  {
    name: 'tainted by others',
    taints: [
      { key: 'mine', effect: 'NoSchedule' },
      { ...taint('not-ready'), effect: 'NoExecute' },
    ],
  },
  { name: 'labelled anew', labels: { 'kubernetes.io/os': 'linux' }, relabel: { 'beta.kubernetes.io/os': 'linux' } },
  { name: 'labelled already', labels: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' } },
];

describe('planNodeRepair', () => {
  for (const { name, add = [], remove = [], relabel = {}, ...fields } of rows) {
    it(`of a node that is ${name}`, () => {
      assert.deepEqual(planNodeRepair(node(fields)), {
        add: add.map(taint),
        remove: remove.map(taint),
        labels: relabel,
      });
    });
  }
});

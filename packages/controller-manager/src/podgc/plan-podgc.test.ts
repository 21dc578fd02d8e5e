import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { node, podOn, type NodePodFields } from '../nodes/testing/node-objects.ts';
import { missingNodes, planPodGC } from './plan-podgc.ts';

const OUT_OF_SERVICE = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' } as const;

interface Row {
  readonly name: string;
  readonly pods: readonly NodePodFields[];
  readonly endedPodsMax?: number;
  readonly removed: string;
}

const rows: readonly Row[] = [
  { name: 'leaves living pods alone', pods: [{ name: 'a', node: 'well' }, { name: 'b' }], removed: '' },
  { name: 'takes pods of nodes that are gone', pods: [{ name: 'a', node: 'gone' }], removed: 'a!' },
  { name: 'takes deleted pods that never had a node', pods: [{ name: 'a', isDeleted: true }], removed: 'a' },
  { name: 'leaves deleted pods to their node', pods: [{ name: 'a', node: 'well', isDeleted: true }], removed: '' },
  { name: 'unless that is out of service', pods: [{ name: 'a', node: 'lost', isDeleted: true }], removed: 'a' },
  { name: 'leaves those there that were not deleted', pods: [{ name: 'a', node: 'lost' }], removed: '' },
  {
    name: 'takes the oldest ended pods',
    pods: [
      { name: 'a', phase: 'Failed', age: 1000 },
      { name: 'b', phase: 'Succeeded', age: 3000 },
      { name: 'c', phase: 'Failed', age: 2000 },
    ],
    endedPodsMax: 1,
    removed: 'bc',
  },
  {
    name: 'takes evicted ones first',
    pods: [
      { name: 'a', phase: 'Failed', age: 5000 },
      { name: 'b', phase: 'Failed', reason: 'Evicted' },
    ],
    endedPodsMax: 1,
    removed: 'b',
  },
];

describe('planPodGC', () => {
  const nodes = [
    node({ name: 'well', ready: 'True' }),
    node({ name: 'lost', ready: 'Unknown', taints: [OUT_OF_SERVICE] }),
  ];
  for (const { name, pods, endedPodsMax = 0, removed } of rows) {
    it(name, () => {
      const plan = planPodGC({ pods: pods.map(podOn), nodes, goneNodes: new Set(['gone']), endedPodsMax });
      assert.equal(plan.map(({ pod, cause }) => `${pod.metadata.name}${cause ? '!' : ''}`).join(''), removed);
    });
  }

  it('looks for the nodes that pods name', () => {
    const pods = [podOn({ name: 'a', node: 'well' }), podOn({ name: 'b', node: 'gone' }), podOn({ name: 'c' })];
    assert.deepEqual(missingNodes(pods, nodes), new Set(['gone']));
  });
});

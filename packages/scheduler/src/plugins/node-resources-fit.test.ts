import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '@kts/api/types/core-v1';
import { cluster, node, pod, scores, verdicts, type NodeOptions, type PodOptions } from '../testing/index.ts';
import { nodeResourcesFit, type NodeResourcesFitArgs } from './node-resources-fit.ts';

type FilterCase = readonly [name: string, wanted: PodOptions, used: PodOptions, node: NodeOptions, verdict: string];

const CPU_4: NodeOptions = {
  allocatable: { cpu: '4', memory: '4Gi', 'ephemeral-storage': '10Gi', 'example.com/gpu': '2' },
};
const gpu = (count: string): PodOptions => ({ requests: { 'example.com/gpu': count } });
const cpu = (amount: string): PodOptions => ({ requests: { cpu: amount } });
const init = (amount: string, restartPolicy?: string): readonly Container[] => [
  { name: 'i', resources: { requests: { cpu: amount } }, ...(restartPolicy && { restartPolicy }) },
];

const filterCases: readonly FilterCase[] = [
  ['nothing requested', {}, cpu('4'), CPU_4, 'fits'],
  ['exactly what is left', cpu('1'), cpu('3'), CPU_4, 'fits'],
  ['one milli-core too much', cpu('1001m'), cpu('3'), CPU_4, 'Insufficient cpu'],
  ['too much memory', { requests: { memory: '3Gi' } }, { requests: { memory: '2Gi' } }, CPU_4, 'Insufficient memory'],
  ['too much storage', { requests: { 'ephemeral-storage': '11Gi' } }, {}, CPU_4, 'Insufficient ephemeral-storage'],
  ['everything at once', { requests: { cpu: '5', memory: '5Gi' } }, {}, CPU_4, 'Insufficient cpu, Insufficient memory'],
  ['no place for a pod', {}, {}, { allocatable: { pods: '1' } }, 'Too many pods'],
  ['an extended resource', gpu('1'), gpu('1'), CPU_4, 'fits'],
  ['an extended resource that is used up', gpu('2'), gpu('1'), CPU_4, 'Insufficient example.com/gpu'],
  ['a resource the node does not have', gpu('1'), {}, {}, 'Insufficient example.com/gpu'],
  ['an init container larger than the pod', { ...cpu('1'), initContainers: init('5') }, {}, CPU_4, 'Insufficient cpu'],
  ['an init container beside nothing', { ...cpu('3'), initContainers: init('4') }, {}, CPU_4, 'fits'],
  [
    'a sidecar beside the containers',
    { ...cpu('3'), initContainers: init('2', 'Always') },
    {},
    CPU_4,
    'Insufficient cpu',
  ],
  ['overhead', { ...cpu('4'), overhead: { cpu: '1m' } }, {}, CPU_4, 'Insufficient cpu'],
  ['less at pod level', { ...cpu('8'), resources: { requests: { cpu: '2' } } }, {}, CPU_4, 'fits'],
];

describe('NodeResourcesFit filter', () => {
  for (const [name, wanted, used, options, verdict] of filterCases) {
    it(name, () => {
      const snapshot = cluster({ nodes: [node('n', options)], pods: [pod('used', { ...used, nodeName: 'n' })] });
      assert.deepEqual(verdicts(nodeResourcesFit(), pod('p', wanted), snapshot), { n: verdict });
    });
  }

  it('does not check what it is told to ignore', () => {
    const snapshot = cluster({ nodes: [node('n')] });
    for (const args of [{ ignoredResources: ['example.com/gpu'] }, { ignoredResourceGroups: ['example.com'] }]) {
      assert.deepEqual(verdicts(nodeResourcesFit(args), pod('p', gpu('1')), snapshot), { n: 'fits' });
    }
  });
});

type ScoreCase = readonly [name: string, strategy: NodeResourcesFitArgs['scoringStrategy'], expected: number];

// The node has 4 CPUs and 8 GiB, of which 1 CPU and 2 GiB are used; the pod asks for as much again.
const scoreCases: readonly ScoreCase[] = [
  ['least allocated', { type: 'LeastAllocated' }, 50],
  ['most allocated', { type: 'MostAllocated' }, 50],
  [
    'weights',
    {
      type: 'LeastAllocated',
      resources: [
        { name: 'cpu', weight: 3 },
        { name: 'memory', weight: 1 },
      ],
    },
    50,
  ],
  ['a resource nobody asks for', { type: 'LeastAllocated', resources: [{ name: 'example.com/gpu', weight: 1 }] }, 0],
  [
    'a shape',
    {
      type: 'RequestedToCapacityRatio',
      requestedToCapacityRatio: {
        shape: [
          { utilization: 0, score: 0 },
          { utilization: 100, score: 10 },
        ],
      },
    },
    50,
  ],
];

describe('NodeResourcesFit score', () => {
  const amounts = { cpu: '1', memory: '2Gi' };
  for (const [name, scoringStrategy, expected] of scoreCases) {
    it(name, () => {
      const snapshot = cluster({ nodes: [node('n')], pods: [pod('used', { requests: amounts, nodeName: 'n' })] });
      const plugin = nodeResourcesFit({ scoringStrategy: scoringStrategy! });
      assert.deepEqual(scores(plugin, pod('p', { requests: amounts }), snapshot), { n: expected });
    });
  }

  it('assumes 100m and 200 MiB of containers that request nothing', () => {
    const snapshot = cluster({ nodes: [node('n', { allocatable: { cpu: '1', memory: '2000Mi' } })] });
    assert.deepEqual(scores(nodeResourcesFit(), pod('p'), snapshot), { n: 90 });
  });
});

describe('NodeResourcesFit queueing hints', () => {
  const { requeueOn } = nodeResourcesFit();
  const hints = (event: 'Node/Add' | 'Node/UpdateAllocatable' | 'Pod/Delete', before?: unknown, after?: unknown) =>
    requeueOn![event]!(pod('p', cpu('4')), { before, after } as never);
  const small = node('n', { allocatable: { cpu: '2' } });
  const large = node('n', { allocatable: { cpu: '4' } });

  it('a node that is large enough', () => assert.equal(hints('Node/Add', undefined, large), true));
  it('a node that is too small', () => assert.equal(hints('Node/Add', undefined, small), false));
  it('a node that became large enough', () => assert.equal(hints('Node/UpdateAllocatable', small, large), true));
  it('a node that was large enough before', () => assert.equal(hints('Node/UpdateAllocatable', large, large), false));
  it('a pod that leaves a node', () => assert.equal(hints('Pod/Delete', pod('q', { nodeName: 'n' })), true));
  it('a pod that was nowhere', () => assert.equal(hints('Pod/Delete', pod('q')), false));
});

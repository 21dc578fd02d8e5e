import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeInfoOf } from '../framework/node-info.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { node, pod } from '../testing/index.ts';
import { allocationScore, requestsFor, type ScoringStrategy, type WeightedResource } from './resource-scoring.ts';

const CPU: WeightedResource = { name: 'cpu', weight: 1 };
const MEMORY: WeightedResource = { name: 'memory', weight: 1 };
const GPU: WeightedResource = { name: 'example.com/gpu', weight: 3 };

/** On a node with 4 CPUs, 8 GiB and 4 GPUs. */
function score(
  strategy: ScoringStrategy,
  resources: readonly WeightedResource[],
  used: object,
  wanted: object,
): number {
  const allocatable = { 'example.com/gpu': '4' };
  const info = nodeInfoOf(node('n', { allocatable }), [podInfoOf(pod('used', { requests: { ...used } }))]);
  return allocationScore(strategy, resources)(
    info,
    requestsFor(resources, podInfoOf(pod('p', { requests: { ...wanted } })).scoredRequests),
  );
}

const ratio = (...points: readonly (readonly [number, number])[]): ScoringStrategy => ({
  type: 'RequestedToCapacityRatio',
  requestedToCapacityRatio: { shape: points.map(([utilization, value]) => ({ utilization, score: value })) },
});
const half = { cpu: '1', memory: '2Gi' };

describe('allocationScore', () => {
  const rows: readonly (readonly [
    name: string,
    strategy: ScoringStrategy,
    resources: readonly WeightedResource[],
    used: object,
    wanted: object,
    expected: number,
  ])[] = [
    ['least allocated', { type: 'LeastAllocated' }, [CPU, MEMORY], half, half, 50],
    ['least allocated of a full node', { type: 'LeastAllocated' }, [CPU], { cpu: '4' }, { cpu: '1' }, 0],
    ['most allocated', { type: 'MostAllocated' }, [CPU, MEMORY], { cpu: '2', memory: '0' }, half, 50],
    ['most allocated beyond capacity', { type: 'MostAllocated' }, [CPU], { cpu: '4' }, { cpu: '4' }, 100],
    ['weights', { type: 'MostAllocated' }, [CPU, GPU], { cpu: '3' }, { cpu: '1', 'example.com/gpu': '2' }, 62],
    [
      'an extended resource that is not requested',
      { type: 'LeastAllocated' },
      [CPU, GPU],
      { cpu: '3' },
      { cpu: '1' },
      0,
    ],
    [
      'a resource that the node lacks',
      { type: 'LeastAllocated' },
      [{ name: 'example.com/none', weight: 1 }],
      {},
      { 'example.com/none': '1' },
      0,
    ],
    ['a rising line', ratio([0, 0], [100, 10]), [CPU], { cpu: '1' }, { cpu: '1' }, 50],
    ['a falling line', ratio([0, 10], [100, 0]), [CPU], { cpu: '1' }, { cpu: '2' }, 25],
    ['before the first point', ratio([40, 4], [80, 8]), [CPU], {}, { cpu: '1' }, 40],
    ['after the last point', ratio([20, 2], [40, 8]), [CPU], { cpu: '3' }, { cpu: '1' }, 80],
    [
      'resources that score nothing do not count',
      ratio([0, 0], [100, 10]),
      [CPU, GPU],
      { cpu: '1' },
      { cpu: '1', 'example.com/gpu': '0' },
      50,
    ],
  ];
  for (const [name, strategy, resources, used, wanted, expected] of rows) {
    it(name, () => assert.equal(score(strategy, resources, used, wanted), expected));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cluster, node, pod, scores, type PodOptions } from '../testing/index.ts';
import {
  nodeResourcesBalancedAllocation,
  type NodeResourcesBalancedAllocationArgs,
} from './node-resources-balanced-allocation.ts';

const requests = (cpu: string, memory: string): PodOptions => ({ requests: { cpu, memory } });

describe('NodeResourcesBalancedAllocation', () => {
  // The node has 4 CPUs and 8 GiB.
  const cases: readonly (readonly [
    name: string,
    used: PodOptions,
    wanted: PodOptions,
    score: number,
    args?: NodeResourcesBalancedAllocationArgs,
  ])[] = [
    ['balanced stays balanced', requests('1', '2Gi'), requests('1', '2Gi'), 75],
    ['makes it more balanced', requests('2', '0'), requests('0', '4Gi'), 87],
    ['makes it less balanced', requests('1', '2Gi'), requests('2', '0'), 62],
    ['nothing requested is not scored', requests('2', '0'), {}, 0],
    ['more than there is counts as all', requests('3', '6Gi'), requests('3', '6Gi'), 75],
    [
      'one resource is always balanced',
      requests('2', '0'),
      requests('1', '1Gi'),
      75,
      { resources: [{ name: 'cpu', weight: 1 }] },
    ],
  ];
  for (const [name, used, wanted, score, args] of cases) {
    it(name, () => {
      const snapshot = cluster({ nodes: [node('n')], pods: [pod('used', { ...used, nodeName: 'n' })] });
      assert.deepEqual(scores(nodeResourcesBalancedAllocation(args), pod('p', wanted), snapshot), { n: score });
    });
  }
});

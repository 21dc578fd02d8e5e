import { SKIP, type Plugin } from '../framework/plugin.ts';
import { isScalarResource, resourceNamed } from '../framework/resources.ts';
import type { WeightedResource } from './resource-scoring.ts';

/**
 * Prefers nodes on which the pod makes the shares of CPU and memory in use more alike.
 *
 * Mirrors: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (v1.36)
 */
export interface NodeResourcesBalancedAllocationArgs {
  readonly resources?: readonly WeightedResource[];
}

const CPU_AND_MEMORY = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

export function nodeResourcesBalancedAllocation(
  args: NodeResourcesBalancedAllocationArgs = {},
): Plugin<undefined, readonly number[]> {
  const names = (args.resources ?? CPU_AND_MEMORY).map(({ name }) => name);
  const scalar = names.map(isScalarResource);
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore: (pod) => {
      const requests = names.map((name) => resourceNamed(pod.requests, name));
      return requests.every((request) => request === 0) ? SKIP : { state: requests };
    },
    score: (_, node, requests) => {
      const before: number[] = [];
      const after: number[] = [];
      for (let index = 0; index < names.length; index++) {
        const capacity = resourceNamed(node.allocatable, names[index]!);
        if (capacity === 0 || (requests[index] === 0 && scalar[index])) continue;
        const used = resourceNamed(node.requested, names[index]!);
        before.push(Math.min(1, used / capacity));
        after.push(Math.min(1, (used + requests[index]!) / capacity));
      }
      // 75 stands for no change; every point of balance won or lost counts half.
      return 50 + Math.trunc((50 + balance(after) - balance(before)) / 2);
    },
  };
}

/** 100 if all shares are equal; less by their standard deviation. */
function balance(shares: readonly number[]): number {
  return Math.trunc((1 - standardDeviation(shares)) * 100);
}

function standardDeviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0;
  if (shares.length === 2) return Math.abs((shares[0]! - shares[1]!) / 2);
  let total = 0;
  for (const share of shares) total += share;
  const mean = total / shares.length;
  let squares = 0;
  for (const share of shares) squares += (share - mean) * (share - mean);
  return Math.sqrt(squares / shares.length);
}

import type { AllocationResult } from '@kts/api/types/resource-v1';
import { planClaim, type AllocationInput } from './allocation-plan.ts';
import { allocationResult } from './allocation-result.ts';
import { gatherPools } from './device-pools.ts';
import { searchDevices } from './device-search.ts';

/** One result for each claim; `undefined` if the node does not have what they need; or a reason. */
export type Allocation = readonly AllocationResult[] | { readonly reason: string } | undefined;

/**
 * Finds devices of one node for claims that have none yet. Throws if a claim or class is wrong, whatever the node.
 *
 * Mirrors: structured/internal/incubating/allocator_incubating.go of
 * staging/src/k8s.io/dynamic-resource-allocation (v1.36)
 */
export function allocateDevices(input: AllocationInput): Allocation {
  const pools = gatherPools(input.slices, input.node);
  const claims = input.claims.map((claim) => planClaim(claim, pools, input));
  const chosen = searchDevices(claims, pools, input);
  if (chosen !== undefined) {
    return claims.map(({ claim, requests }, index) => {
      const { devices, alternatives } = chosen[index]!;
      const needs = requests.map((choices, request) => choices[alternatives[request] ?? 0]!);
      return allocationResult(claim, needs, devices, input.node.metadata.name);
    });
  }
  const invalid = pools.some(({ state }) => state === 'invalid');
  return invalid ? { reason: 'invalid resource pools were encountered' } : undefined;
}

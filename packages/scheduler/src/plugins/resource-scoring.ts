import { assert } from '@kts/base';
import type { NodeInfo } from '../framework/node-info.ts';
import { isScalarResource, resourceNamed, type Amounts } from '../framework/resources.ts';

/**
 * Scores by how much of a node's resources would be requested.
 *
 * Mirrors: resource_allocation.go, least_allocated.go, most_allocated.go and requested_to_capacity_ratio.go of
 * pkg/scheduler/framework/plugins/noderesources (v1.36)
 */
export interface ScoringStrategy {
  readonly type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  /** Default: CPU and memory, equally. */
  readonly resources?: readonly WeightedResource[];
  readonly requestedToCapacityRatio?: { readonly shape: readonly ShapePoint[] };
}

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** A corner of the line from utilization (0 to 100) to score (0 to 10). */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

/** The requests of a pod for each of the resources, by position. */
export function requestsFor(resources: readonly WeightedResource[], requests: Amounts): readonly number[] {
  return resources.map(({ name }) => requests.get(name) ?? 0);
}

/** A node's score for requests as `requestsFor` makes them. */
export function allocationScore(
  strategy: ScoringStrategy,
  resources: readonly WeightedResource[],
): (node: NodeInfo, requests: readonly number[]) => number {
  const ratio = strategy.type === 'RequestedToCapacityRatio';
  const scoreOf = resourceScore(strategy);
  const scalar = resources.map(({ name }) => isScalarResource(name));
  return (node, requests) => {
    let sum = 0;
    let weights = 0;
    for (let index = 0; index < resources.length; index++) {
      const { name, weight } = resources[index]!;
      const request = requests[index]!;
      const allocatable = resourceNamed(node.allocatable, name);
      if (allocatable === 0 || (request === 0 && scalar[index])) continue;
      const score = scoreOf(request + scoredUsage(node, name), allocatable);
      if (ratio && score === 0) continue;
      sum += score * weight;
      weights += weight;
    }
    if (weights === 0) return 0;
    return ratio ? Math.round(sum / weights) : Math.trunc(sum / weights);
  };
}

/** CPU and memory count with what is assumed of containers that request none. */
function scoredUsage(node: NodeInfo, name: string): number {
  if (name === 'cpu') return node.nonZeroRequested.milliCpu;
  if (name === 'memory') return node.nonZeroRequested.memory;
  return resourceNamed(node.requested, name);
}

function resourceScore(strategy: ScoringStrategy): (requested: number, capacity: number) => number {
  switch (strategy.type) {
    case 'LeastAllocated':
      return (requested, capacity) =>
        requested > capacity ? 0 : Math.trunc(((capacity - requested) * 100) / capacity);
    case 'MostAllocated':
      return (requested, capacity) => Math.trunc((Math.min(requested, capacity) * 100) / capacity);
    case 'RequestedToCapacityRatio': {
      const shape = strategy.requestedToCapacityRatio?.shape ?? [];
      assert(shape.length > 0, 'RequestedToCapacityRatio needs a shape');
      const line = brokenLine(shape.map(({ utilization, score }) => ({ utilization, score: score * 10 })));
      return (requested, capacity) => line(requested > capacity ? 100 : Math.trunc((requested * 100) / capacity));
    }
  }
}

/** Straight between the points, constant outside them, in whole numbers. */
function brokenLine(points: readonly ShapePoint[]): (utilization: number) => number {
  return (utilization) => {
    const right = points.findIndex((point) => utilization <= point.utilization);
    if (right === -1) return points.at(-1)!.score;
    if (right === 0) return points[0]!.score;
    const [from, to] = [points[right - 1]!, points[right]!];
    const rise = (to.score - from.score) * (utilization - from.utilization);
    return from.score + Math.trunc(rise / (to.utilization - from.utilization));
  };
}

/**
 * Pods that nobody else will delete. Pure.
 *
 * Mirrors: pkg/controller/podgc/gc_controller.go (v1.36)
 */
import type { Node, Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

import { isNodeReady } from '../nodes/node-state.ts';
import type { DisruptionReason } from '../pods/disruption-condition.ts';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const NODE_GONE = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };

export interface Observed {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  /** Nodes that are gone for good. */
  readonly goneNodes: ReadonlySet<string>;
  /** Ended pods that may stay; 0: all. */
  readonly endedPodsMax: number;
}

export interface Removal {
  readonly pod: Pod;
  /** Told in a condition. */
  readonly cause?: DisruptionReason;
}

export function planPodGC({ pods, nodes, goneNodes, endedPodsMax }: Observed): readonly Removal[] {
  const lost = new Set(nodes.filter(isOutOfService).map(({ metadata }) => metadata.name));
  const going = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const removals = [
    ...surplusEnded(pods, endedPodsMax).map((pod) => ({ pod })),
    ...going.filter(({ spec }) => lost.has(spec.nodeName ?? '')).map((pod) => ({ pod })),
    ...pods.filter(({ spec }) => goneNodes.has(spec.nodeName ?? '')).map((pod) => ({ pod, cause: NODE_GONE })),
    ...going.filter(({ spec }) => !spec.nodeName).map((pod) => ({ pod })),
  ];
  const byUid = new Map<string, Removal>();
  for (const removal of removals) byUid.getOrInsert(removal.pod.metadata.uid, removal);
  return [...byUid.values()];
}

/** Nodes that pods name and that are not there. */
export function missingNodes(pods: readonly Pod[], nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  const named = pods.map(({ spec }) => spec.nodeName ?? '');
  return new Set(named.filter((name) => name !== '' && !names.has(name)));
}

/** The oldest first, evicted ones before all others. */
function surplusEnded(pods: readonly Pod[], max: number): readonly Pod[] {
  if (max <= 0) return [];
  const ended = pods.filter(({ status }) => !['Pending', 'Running', 'Unknown'].includes(status?.phase ?? ''));
  const isEvicted = ({ status }: Pod): boolean => status?.phase === 'Failed' && status.reason === 'Evicted';
  const ordered = ended.toSorted(
    (a, b) =>
      Number(isEvicted(b)) - Number(isEvicted(a)) ||
      parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  return ordered.slice(0, Math.max(0, ended.length - max));
}

function isOutOfService(node: Node): boolean {
  return !isNodeReady(node) && (node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false);
}

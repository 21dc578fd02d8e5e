import type { NodeRejections } from './node-rejections.ts';
import type { Rejection } from './plugin.ts';

/** Why no node fits. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly rejections: NodeRejections;
  /** Of all nodes that are not in `rejections`: those that were not even looked at. */
  readonly others: Rejection;
  /** Set if the pod was rejected before any node was looked at. */
  readonly preFilterMessage?: string;
  readonly unschedulablePlugins: ReadonlySet<string>;
}

/** Status messages of several reasons are joined like this. */
export function joinReasons(reasons: readonly string[]): string {
  return reasons.join(', ');
}

/**
 * The message of the FailedScheduling event and of the PodScheduled condition:
 * `0/X nodes are available: <reasons with their number of nodes>. <what postFilter says>`.
 *
 * Mirrors: FitError in pkg/scheduler/framework/types.go (v1.36)
 */
export function fitMessage(diagnosis: Diagnosis, postFilterMessage = ''): string {
  let message = `0/${diagnosis.nodeCount} nodes are available:`;
  if (diagnosis.preFilterMessage !== undefined && diagnosis.preFilterMessage !== '') {
    message += ` ${diagnosis.preFilterMessage}.`;
  } else {
    const histogram = countReasons(diagnosis);
    if (histogram.length > 0) message += ` ${histogram.join(', ')}.`;
  }
  return postFilterMessage === '' ? message : `${message} ${postFilterMessage}`;
}

/** `2 Insufficient cpu`, `1 node(s) were unschedulable`, sorted as texts. */
function countReasons(diagnosis: Diagnosis): readonly string[] {
  const counts = new Map<string, number>();
  const add = (rejection: Rejection, nodes: number): void => {
    for (const reason of rejection.reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  };
  for (const [rejection, nodes] of diagnosis.rejections.tally()) add(rejection, nodes);
  const others = diagnosis.nodeCount - diagnosis.rejections.size;
  if (others > 0) add(diagnosis.others, others);
  return [...counts].map(([reason, nodes]) => `${nodes} ${reason}`).sort();
}

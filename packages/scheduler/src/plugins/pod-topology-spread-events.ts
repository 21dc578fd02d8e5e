import type { Node, Pod } from '@kts/api/types/core-v1';
import { deepEqual } from '@kts/apimachinery';
import { hint, type EventObjects } from '../framework/cluster-event.ts';
import { labelOf } from '../framework/label-selection.ts';
import { nodeInfoOf } from '../framework/node-info.ts';
import type { Plugin } from '../framework/plugin.ts';
import { isAssigned } from './pod-events.ts';
import { hasAllTopologies, ownConstraints, type SpreadConstraint } from './topology-spread-constraint.ts';

/**
 * After which events a pod that PodTopologySpread rejected is worth another try.
 *
 * Mirrors: the queueing hints of pkg/scheduler/framework/plugins/podtopologyspread/plugin.go (v1.36)
 * Differs: a pod that default constraints rejected is tried again after every event, because what they select is not
 * known here.
 */
export const podTopologySpreadEvents: NonNullable<Plugin['requeueOn']> = {
  'Pod/Add': hint<Pod>((pod, { after }) => involves(pod, after!) && matchesAny(pod, after!)),
  'Pod/Delete': hint<Pod>((pod, { before }) => involves(pod, before!) && matchesAny(pod, before!)),
  'Pod/UpdateLabels': hint(mayFitAfterPodUpdate),
  'Pod/UpdateTolerations': hint(mayFitAfterPodUpdate),
  'Node/Add': hint<Node>((pod, { after }) => hasTopologies(pod, after!)),
  'Node/Delete': hint<Node>((pod, { before }) => hasTopologies(pod, before!)),
  'Node/UpdateLabels': hint(mayFitAfterNodeUpdate),
  'Node/UpdateTaints': hint(mayFitAfterNodeUpdate),
};

function hardConstraints(pod: Pod): readonly SpreadConstraint[] {
  return ownConstraints(pod, 'DoNotSchedule');
}

function involves(pod: Pod, other: Pod): boolean {
  if (pod.metadata.uid === other.metadata.uid) return true;
  return isAssigned(other) && other.metadata.namespace === pod.metadata.namespace;
}

function matchesAny(pod: Pod, other: Pod): boolean {
  const constraints = hardConstraints(pod);
  return constraints.length === 0 || constraints.some(({ selector }) => selector.matches(other.metadata.labels));
}

function mayFitAfterPodUpdate(pod: Pod, { before, after }: EventObjects<Pod>): boolean {
  if (!involves(pod, after!) || !involves(pod, before!)) return false;
  const constraints = hardConstraints(pod);
  const isOwn = pod.metadata.uid === after!.metadata.uid;
  if (isOwn && !deepEqual(before!.spec.tolerations, after!.spec.tolerations)) {
    if (constraints.some(({ honorsTaints }) => honorsTaints)) return true;
  }
  if (deepEqual(before!.metadata.labels, after!.metadata.labels)) return false;
  return (
    constraints.length === 0 ||
    constraints.some(
      ({ selector }) => selector.matches(before!.metadata.labels) !== selector.matches(after!.metadata.labels),
    )
  );
}

function hasTopologies(pod: Pod, node: Node): boolean {
  return hasAllTopologies(nodeInfoOf(node), hardConstraints(pod));
}

function mayFitAfterNodeUpdate(pod: Pod, { before, after }: EventObjects<Node>): boolean {
  const had = hasTopologies(pod, before!);
  if (had !== hasTopologies(pod, after!)) return true;
  if (!had) return false;
  const constraints = hardConstraints(pod);
  return (
    constraints.length === 0 ||
    !deepEqual(before!.spec.taints, after!.spec.taints) ||
    constraints.some(
      ({ topologyKey }) =>
        labelOf(before!.metadata.labels, topologyKey) !== labelOf(after!.metadata.labels, topologyKey),
    )
  );
}

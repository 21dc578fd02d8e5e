import type { Node, Pod } from '@kts/api/types/core-v1';
import { allTermsMatch } from '../framework/affinity-term.ts';
import { hint, type EventObjects } from '../framework/cluster-event.ts';
import { labelOf } from '../framework/label-selection.ts';
import type { Plugin } from '../framework/plugin.ts';
import { podInfoOf } from '../framework/pod-info.ts';
import { isAssigned } from './pod-events.ts';

/**
 * After which events a pod that InterPodAffinity rejected is worth another try.
 *
 * Mirrors: the queueing hints of pkg/scheduler/framework/plugins/interpodaffinity/plugin.go (v1.36)
 */
export const interPodAffinityEvents: NonNullable<Plugin['requeueOn']> = {
  'Pod/Add': hint<Pod>(
    (pod, { after }) => isAssigned(after!) && allTermsMatch(podInfoOf(pod).requiredAffinity, after!),
  ),
  'Pod/Delete': hint<Pod>(
    (pod, { before }) =>
      isAssigned(before!) &&
      (allTermsMatch(podInfoOf(pod).requiredAntiAffinity, before!) ||
        allTermsMatch(podInfoOf(before!).requiredAntiAffinity, pod)),
  ),
  'Pod/UpdateLabels': hint(mayFitAfterRelabelling),
  'Node/Add': hint<Node>((pod, { after }) => {
    const { requiredAffinity, requiredAntiAffinity } = podInfoOf(pod);
    if (requiredAntiAffinity.length > 0) return true;
    return requiredAffinity.some(({ topologyKey }) => labelOf(after!.metadata.labels, topologyKey) !== undefined);
  }),
  'Node/UpdateLabels': hint(mayFitAfterMove),
};

function mayFitAfterRelabelling(pod: Pod, { before, after }: EventObjects<Pod>): boolean {
  if (after!.metadata.uid === pod.metadata.uid) return true;
  if (!isAssigned(before!) || !isAssigned(after!)) return false;
  const { requiredAffinity, requiredAntiAffinity } = podInfoOf(pod);
  return (
    (!allTermsMatch(requiredAffinity, before!) && allTermsMatch(requiredAffinity, after!)) ||
    (allTermsMatch(requiredAntiAffinity, before!) && !allTermsMatch(requiredAntiAffinity, after!))
  );
}

/** The node came into a domain of an affinity term, or left one of an anti-affinity term. */
function mayFitAfterMove(pod: Pod, { before, after }: EventObjects<Node>): boolean {
  const { requiredAffinity, requiredAntiAffinity } = podInfoOf(pod);
  const moved = (key: string): boolean =>
    labelOf(before!.metadata.labels, key) !== labelOf(after!.metadata.labels, key);
  return (
    requiredAffinity.some(
      ({ topologyKey }) => moved(topologyKey) && labelOf(after!.metadata.labels, topologyKey) !== undefined,
    ) ||
    requiredAntiAffinity.some(
      ({ topologyKey }) => moved(topologyKey) && labelOf(before!.metadata.labels, topologyKey) !== undefined,
    )
  );
}

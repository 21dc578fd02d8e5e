import type { Pod } from '@kts/api/types/core-v1';
import { hint } from '../framework/cluster-event.ts';
import { unresolvable, type Plugin } from '../framework/plugin.ts';

/**
 * A pod with scheduling gates is not considered until the last one is removed.
 *
 * Mirrors: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go (v1.36)
 */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  requeueOn: {
    'Pod/UpdateSchedulingGatesEliminated': hint<Pod>((pod, { after }) => after!.metadata.uid === pod.metadata.uid),
  },
  preEnqueue: ({ spec }) =>
    spec.schedulingGates?.length
      ? unresolvable(`waiting for scheduling gates: [${spec.schedulingGates.map(({ name }) => name).join(' ')}]`)
      : undefined,
};

import type { Pod } from '@kts/api/types/core-v1';
import type { ClusterEvent, EventObjects } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';

/** Whether the plugin thinks that the event may help the pod; `undefined` if the event does not concern it. */
export function hinted(
  plugin: Pick<Plugin, 'requeueOn'>,
  event: ClusterEvent,
  pod: Pod,
  objects: EventObjects = {},
): boolean | undefined {
  return plugin.requeueOn?.[event]?.(pod, objects as EventObjects<never>);
}

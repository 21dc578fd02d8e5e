/**
 * Deletes pods that have ended, whose node is gone, or that were deleted before they had one.
 *
 * Mirrors: pkg/controller/podgc/gc_controller.go (v1.36)
 */
import { nodes, pods } from '@kts/api';
import { isNotFound, keyText } from '@kts/apimachinery';
import { forEachLimit } from '@kts/base';

import type { PeriodicContext, PeriodicController } from '../periodic/periodic-controller.ts';
import { disruptionTarget, patchPodStatus } from '../pods/disruption-condition.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { missingNodes, planPodGC, type Removal } from './plan-podgc.ts';

const PERIOD_MS = 20_000;
/** A node that is missing for that long does not come back. */
const QUARANTINE_MS = 40_000;
const REMOVALS_AT_A_TIME = 10;

export function podGCController(endedPodsMax: number): PeriodicController {
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-garbage-collector-controller',
    periodMs: PERIOD_MS,
    reads: [pods, nodes],
    look: async (context) => {
      const observed = { pods: context.informers.get(pods).list(), nodes: context.informers.get(nodes).list() };
      const goneNodes = await findGoneNodes(missingNodes(observed.pods, observed.nodes), missingSince, context);
      await forEachLimit(planPodGC({ ...observed, goneNodes, endedPodsMax }), REMOVALS_AT_A_TIME, (removal) =>
        remove(removal, context),
      );
    },
  };
}

async function findGoneNodes(
  missing: ReadonlySet<string>,
  missingSince: Map<string, number>,
  { client, clock, signal }: PeriodicContext,
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  const now = clock.monotonic();
  for (const name of missing) missingSince.getOrInsert(name, now);
  for (const [name, since] of missingSince) {
    if (now - since < QUARANTINE_MS) continue;
    missingSince.delete(name);
    if (!missing.has(name)) continue;
    try {
      await client.get(nodes, { name }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      gone.add(name);
    }
  }
  return gone;
}

/** Failed first: a pod that is counted by somebody must not just disappear. */
async function remove({ pod, cause }: Removal, context: PeriodicContext): Promise<void> {
  const { client, clock, signal, log } = context;
  try {
    if (!isPodTerminal(pod)) {
      const condition = cause && disruptionTarget(pod, cause, clock.now());
      const { generation } = pod.metadata;
      await patchPodStatus(context, pod, {
        phase: 'Failed',
        ...(generation === undefined ? {} : { observedGeneration: generation }),
        ...(condition ? { conditions: [condition] } : {}),
      });
    }
    await client.delete(pods, pod.metadata, { gracePeriodSeconds: 0, signal });
  } catch (error) {
    if (!isNotFound(error)) log.error('pod not removed', { pod: keyText(pod.metadata), error });
  }
}

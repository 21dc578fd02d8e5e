/**
 * The pods of a silent node get no traffic any more.
 *
 * Mirrors: MarkPodsNotReady in pkg/controller/util/node/controller_utils.go (v1.36)
 */
import { pods } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { isNotFound } from '@kts/apimachinery';
import { formatTime, type Clock } from '@kts/base';
import type { EventRecorder } from '@kts/controlkit';
import type { Client } from '@kts/client';

import { podCondition } from '../pods/pod-state.ts';

interface Context {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
}

/** Tries all, then throws the first error. */
export async function markPodsNotReady(context: Context, onNode: readonly Pod[]): Promise<void> {
  const results = await Promise.allSettled(onNode.map((pod) => markPodNotReady(context, pod)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function markPodNotReady({ client, clock, events, signal }: Context, pod: Pod): Promise<void> {
  const ready = podCondition(pod, 'Ready');
  if (!ready || ready.status === 'False') return;
  const changed = { ...ready, status: 'False', lastTransitionTime: formatTime(clock.now()) } as const;
  const conditions = (pod.status?.conditions ?? []).map((each) => (each === ready ? changed : each));
  try {
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }, { signal });
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    throw error;
  }
  events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
}

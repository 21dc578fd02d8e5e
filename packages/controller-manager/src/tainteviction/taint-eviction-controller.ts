/**
 * Evicts pods from nodes with NoExecute taints, once their toleration ends.
 *
 * Mirrors: pkg/controller/tainteviction/taint_eviction.go (v1.36)
 */
import { nodes, pods } from '@kts/api';
import type { ObjectReference, Pod, Taint } from '@kts/api/types/core-v1';
import { deepEqual, isNotFound, keyText, type ObjectKey } from '@kts/apimachinery';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { disruptionTarget, patchPodStatus } from '../pods/disruption-condition.ts';
import { addNodeIndex, podsOnNode } from '../pods/pod-indexes.ts';
import { noExecuteTaints, planEviction, type EvictionPlan, type ScheduledEviction } from './plan-taint-eviction.ts';

const CAUSE = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' };
const WORKERS = 8;

interface Observed {
  readonly key: ObjectKey;
  readonly pod: Pod | undefined;
  readonly taints: readonly Taint[];
  readonly scheduled: ScheduledEviction | undefined;
  readonly now: number;
}

export function taintEvictionController(): AnyControllerDefinition {
  const scheduled = new Map<string, ScheduledEviction>();
  return defineController<Pod, Observed, EvictionPlan>({
    name: 'taint-eviction-controller',
    for: pods,
    concerns: ({ spec }) => Boolean(spec.nodeName),
    changed: (old, pod) =>
      old.spec.nodeName !== pod.spec.nodeName || !deepEqual(old.spec.tolerations ?? [], pod.spec.tolerations ?? []),
    watches: [
      watching(nodes, {
        map: ({ metadata }, { informers }) => podsOnNode(informers.get(pods), metadata.name).map((pod) => pod.metadata),
        changed: (old, node) => !deepEqual(noExecuteTaints(old), noExecuteTaints(node)),
      }),
    ],
    setup: ({ informers }) => addNodeIndex(informers.get(pods)),
    workers: WORKERS,
    observe: (key, context) => observe(scheduled, key, context),
    plan: ({ pod, taints, scheduled: before, now }) =>
      planEviction({ taints: pod ? taints : [], tolerations: pod?.spec.tolerations ?? [], scheduled: before, now }),
    apply: (plan, observed, context) => apply(scheduled, plan, observed, context),
  });
}

function observe(
  scheduled: ReadonlyMap<string, ScheduledEviction>,
  key: ObjectKey,
  { informers, clock }: ControllerContext,
): Observed | undefined {
  const before = scheduled.get(keyText(key));
  const pod = informers.get(pods).get(key);
  const taints = noExecuteTaints(pod?.spec.nodeName ? informers.get(nodes).get(pod.spec.nodeName) : undefined);
  if (taints.length === 0 && !before) return undefined;
  return { key, pod, taints, scheduled: before, now: clock.now() };
}

async function apply(
  scheduled: Map<string, ScheduledEviction>,
  plan: EvictionPlan,
  { key, now }: Observed,
  context: ControllerContext,
): Promise<Requeue> {
  const text = keyText(key);
  if (plan.cancel) tell(key, `Cancelling deletion of Pod ${text}`, context);
  if (plan.evict) {
    tell(key, `Marking for deletion Pod ${text}`, context);
    await evict(key, context);
  }
  if (plan.next) scheduled.set(text, plan.next);
  else scheduled.delete(text);
  return plan.next && !plan.next.isDone ? { requeueAfterMs: plan.next.at - now } : {};
}

async function evict(key: ObjectKey, context: ControllerContext): Promise<void> {
  const { client, clock, signal } = context;
  try {
    const pod = await client.get(pods, key, { signal });
    const condition = disruptionTarget(pod, CAUSE, clock.now());
    if (condition) await patchPodStatus(context, pod, { conditions: [condition] });
    await client.delete(pods, key, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Told of the name alone: the pod may be gone. */
function tell({ namespace, name }: ObjectKey, message: string, { events }: ControllerContext): void {
  const reference: ObjectReference = { apiVersion: 'v1', kind: 'Pod', name, ...(namespace ? { namespace } : {}) };
  events.event(reference, 'Normal', 'TaintManagerEviction', message);
}

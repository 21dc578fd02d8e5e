/**
 * Keeps the status of PodDisruptionBudgets, by which the API server allows evictions or not.
 *
 * Mirrors: pkg/controller/disruption/disruption.go (v1.36)
 */
import { deployments, podDisruptionBudgets, pods, replicaSets, replicationControllers, statefulSets } from '@kts/api';
import type { Pod, PodCondition } from '@kts/api/types/core-v1';
import type { PodDisruptionBudget } from '@kts/api/types/policy-v1';
import { isConflict, labelSelectorMatcher, parseTime, type ObjectKey } from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import {
  defineController,
  watching,
  type AnyControllerDefinition,
  type ControllerContext,
  type Requeue,
} from '@kts/controlkit';

import { errorMessage } from '../pods/pod-control.ts';
import { isPodTerminal, podCondition } from '../pods/pod-state.ts';
import { expectedScale } from './expected-scale.ts';
import {
  failedStatus,
  goSelectorText,
  needsScale,
  planBudget,
  type ExpectedScale,
  type Observed,
} from './plan-disruption-budget.ts';

/** A disruption that was announced on a pod and did not come in that time is called off. */
const STALE_DISRUPTION_MS = 120_000;
const WORKERS = 1;

export const disruptionController: AnyControllerDefinition = defineController<PodDisruptionBudget, Observed, boolean>({
  name: 'disruption-controller',
  for: podDisruptionBudgets,
  watches: [watching(pods, { map: budgetOf })],
  reads: [deployments, replicaSets, replicationControllers, statefulSets],
  workers: WORKERS,
  observe: (key, { informers, clock }) => {
    const budget = informers.get(podDisruptionBudgets).get(key);
    if (!budget) return undefined;
    const selector = labelSelectorMatcher(budget.spec?.selector);
    const selected = informers
      .get(pods)
      .list(key.namespace)
      .filter(({ metadata }) => selector.matches(metadata.labels));
    return { budget, pods: selected, now: clock.now() };
  },
  plan: ({ budget }) => needsScale(budget),
  apply: async (isShare, observed, context) => {
    try {
      return await updateBudget(isShare, observed, context);
    } catch (error) {
      if (isConflict(error)) throw error;
      const status = failedStatus(observed.budget, errorMessage(error), observed.now);
      await context.client.updateStatus(
        podDisruptionBudgets,
        { ...observed.budget, status },
        { signal: context.signal },
      );
      return {};
    }
  },
});

/** Calls off disruptions that were announced and did not come. */
export const staleDisruptionController: AnyControllerDefinition = defineController<
  Pod,
  { readonly pod: Pod; readonly now: number },
  Requeue
>({
  name: 'stale-pod-disruption',
  for: pods,
  concerns: (pod) => podCondition(pod, 'DisruptionTarget') !== undefined,
  observe: (key, { informers, clock }) => {
    const pod = informers.get(pods).get(key);
    return pod && { pod, now: clock.now() };
  },
  plan: ({ pod, now }) => {
    const left = staleDisruptionMs(pod, now);
    return left === undefined || left === 0 ? {} : { requeueAfterMs: left };
  },
  apply: async (_, { pod, now }, { client, signal }) => {
    if (staleDisruptionMs(pod, now) !== 0) return;
    const { generation } = pod.metadata;
    const calledOff: PodCondition = {
      type: 'DisruptionTarget',
      status: 'False',
      lastTransitionTime: formatTime(now),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const conditions = (pod.status?.conditions ?? []).map((each) => (each.type === calledOff.type ? calledOff : each));
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } }, { signal });
  },
});

/** Milliseconds until an announced disruption counts as called off; undefined if there is none. */
export function staleDisruptionMs(pod: Pod, now: number): number | undefined {
  const condition = podCondition(pod, 'DisruptionTarget');
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined;
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  const since = condition.lastTransitionTime ? parseTime(condition.lastTransitionTime) : 0;
  return Math.max(0, since + STALE_DISRUPTION_MS - now);
}

async function updateBudget(isShare: boolean, observed: Observed, context: ControllerContext): Promise<Requeue> {
  const { budget } = observed;
  const { client, events, signal } = context;
  if (observed.pods.length === 0) events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
  const plan = planBudget(observed, isShare ? await scaleFor(observed, context) : { count: 0, hasUnmanaged: false });
  const { namespace } = budget.metadata;
  for (const pod of plan.notDeleted) {
    const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
    events.event(pod, 'Warning', 'NotDeleted', message);
  }
  if (!plan.isCurrent) {
    await client.updateStatus(podDisruptionBudgets, { ...budget, status: plan.status }, { signal });
  }
  return { requeueAfterMs: plan.requeueAfterMs };
}

async function scaleFor({ budget, pods: selected }: Observed, context: ControllerContext): Promise<ExpectedScale> {
  const { events } = context;
  try {
    const scale = await expectedScale(selected, context);
    if (scale.hasUnmanaged) events.event(budget, 'Warning', 'UnmanagedPods', unmanagedText(budget));
    return scale;
  } catch (error) {
    const message = `Failed to calculate the number of expected pods: ${errorMessage(error)}`;
    events.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
    throw error;
  }
}

function unmanagedText({ spec }: PodDisruptionBudget): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${goSelectorText(spec?.selector)}) were found ` +
    'to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in ' +
    'undefined behavior. To account for these pods please set ".spec.minAvailable" ' +
    'field of the PDB to an integer value.'
  );
}

/** One of them, if several select the pod: nothing good can come of that, so it is told. */
function budgetOf(pod: Pod, { informers, events }: ControllerContext): readonly ObjectKey[] {
  const matching = informers
    .get(podDisruptionBudgets)
    .list(pod.metadata.namespace)
    .filter(({ spec }) => labelSelectorMatcher(spec?.selector).matches(pod.metadata.labels));
  if (matching.length > 1) {
    const { namespace, name } = pod.metadata;
    const pair = `${JSON.stringify(namespace)}/${JSON.stringify(name)}`;
    const chosen = JSON.stringify(matching[0]!.metadata.name);
    const message = `Pod ${pair} matches multiple PodDisruptionBudgets.  Chose ${chosen} arbitrarily.`;
    events.event(pod, 'Warning', 'MultiplePodDisruptionBudgets', message);
  }
  return matching.slice(0, 1).map(({ metadata }) => metadata);
}

/**
 * Scales what a HorizontalPodAutoscaler names, by what metrics say.
 *
 * Mirrors: pkg/controller/podautoscaler/horizontal.go (v1.36)
 */
import { horizontalPodAutoscalers, pods } from '@kts/api';
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from '@kts/api/types/autoscaling-v2';
import {
  deepEqual,
  isConflict,
  keyText,
  parseApiVersion,
  parseLabelSelector,
  quantityToFloat,
  type KubeObject,
  type ResourceType,
} from '@kts/apimachinery';
import { formatTime } from '@kts/base';
import type { Scale } from '@kts/client';
import { defineController, type AnyControllerDefinition, type ControllerContext, type Requeue } from '@kts/controlkit';

import type { ControllerManagerConfig } from '../controller-manager-config.ts';
import { errorMessage } from '../pods/pod-control.ts';
import { AutoscalerSelectors } from './ambiguous-selectors.ts';
import { setCondition, type ConditionText } from './autoscaler-conditions.ts';
import { combineMetrics, computeMetric, type MetricsOutcome } from './compute-metrics.ts';
import { historyMs, limitScaling, type ScalingLimit } from './limit-scaling.ts';
import { createMetricsClient, type MetricsClient } from './metrics-client.ts';
import type { Tolerances } from './replica-count.ts';
import { initialHistory, recommend, scaled, type ScalingHistory } from './scaling-history.ts';
import { createTargetResources, type TargetResources } from './target-resources.ts';

type Options = Pick<
  ControllerManagerConfig,
  | 'horizontalPodAutoscalerSyncPeriodMs'
  | 'horizontalPodAutoscalerDownscaleStabilizationMs'
  | 'horizontalPodAutoscalerTolerance'
  | 'horizontalPodAutoscalerCpuInitializationPeriodMs'
  | 'horizontalPodAutoscalerInitialReadinessDelayMs'
>;

interface Observed {
  readonly autoscaler: HorizontalPodAutoscaler;
}

/** What lives as long as the controller. */
interface Memory {
  readonly histories: Map<string, ScalingHistory>;
  readonly selectors: AutoscalerSelectors;
  resources: TargetResources;
  metrics: MetricsClient;
}

/** The autoscaler's status in the making, and what to do it with. */
interface Work {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly context: ControllerContext;
  readonly memory: Memory;
  readonly options: Options;
  readonly now: number;
  status: HorizontalPodAutoscalerStatus;
}

interface Target {
  readonly type: ResourceType<KubeObject>;
  readonly scale: Scale;
}

const SCALE_TRIES = 5;
const SCALE_RETRY_MS = 10;

export function podAutoscalerController(options: Options): AnyControllerDefinition {
  const selectors = new AutoscalerSelectors();
  const histories = new Map<string, ScalingHistory>();
  let memory: Memory | undefined;
  return defineController<HorizontalPodAutoscaler, Observed, Observed>({
    name: 'horizontal-pod-autoscaler-controller',
    for: horizontalPodAutoscalers,
    reads: [pods],
    // Each is looked at once a period, first after one; changes wait for the next look.
    concerns: () => false,
    setup: ({ client, clock, informers, signal, enqueue }) => {
      const resources = createTargetResources(client, clock, signal);
      memory = { histories, selectors, resources, metrics: createMetricsClient(client, resources, signal) };
      informers.get(horizontalPodAutoscalers).subscribe({
        onAdd: ({ metadata }) => enqueue(metadata, options.horizontalPodAutoscalerSyncPeriodMs),
        onDelete: ({ metadata }) => {
          histories.delete(keyText(metadata));
          selectors.delete(metadata);
        },
      });
    },
    backoff: {
      initialMs: options.horizontalPodAutoscalerSyncPeriodMs,
      factor: 1,
      maxMs: options.horizontalPodAutoscalerSyncPeriodMs,
    },
    observe: (key, { informers }) => {
      const autoscaler = informers.get(horizontalPodAutoscalers).get(key);
      return autoscaler && { autoscaler };
    },
    plan: (observed) => observed,
    apply: async ({ autoscaler }, _same, context): Promise<Requeue> => {
      const status = autoscaler.status ?? { desiredReplicas: 0 };
      await reconcile({ autoscaler, context, memory: memory!, options, now: context.clock.now(), status });
      return { requeueAfterMs: options.horizontalPodAutoscalerSyncPeriodMs };
    },
  });
}

async function reconcile(work: Work): Promise<void> {
  const { autoscaler, memory } = work;
  const { kind, name } = autoscaler.spec.scaleTargetRef;
  const reference = `${kind}/${autoscaler.metadata.namespace}/${name}`;
  const target = await findTarget(work, reference);
  condition(work, 'AbleToScale', true, {
    reason: 'SucceededGetScale',
    message: "the HPA controller was able to get the target's current scale",
  });
  const current = target.scale.spec.replicas ?? 0;
  const key = keyText(autoscaler.metadata);
  if (!memory.histories.has(key)) memory.histories.set(key, initialHistory(current, work.now));
  const decision = await decide(work, target, reference, current);
  if (decision.replicas !== current && decision.isWanted) await rescale(work, target, reference, current, decision);
  const isRescaled = decision.isWanted && decision.replicas !== current;
  setStatus(work, current, isRescaled ? decision.replicas : current, decision.statuses);
  if (isRescaled) work.status = { ...work.status, lastScaleTime: formatTime(work.now) };
  await writeStatus(work);
  if (decision.problem !== undefined) throw new Error(decision.problem);
}

interface Decision {
  readonly replicas: number;
  readonly isWanted: boolean;
  readonly reason: string;
  readonly statuses: MetricsOutcome['statuses'] | undefined;
  readonly problem?: string;
}

async function decide(work: Work, target: Target, reference: string, current: number): Promise<Decision> {
  const { minReplicas = 1, maxReplicas } = work.autoscaler.spec;
  const without = { isWanted: true, statuses: undefined };
  if (current === 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    condition(work, 'ScalingActive', false, { reason: 'ScalingDisabled', message });
    return { ...without, isWanted: false, replicas: 0, reason: '' };
  }
  if (current > maxReplicas) {
    return { ...without, replicas: maxReplicas, reason: 'Current number of replicas above Spec.MaxReplicas' };
  }
  if (current < minReplicas) {
    return { ...without, replicas: minReplicas, reason: 'Current number of replicas below Spec.MinReplicas' };
  }
  const { wish, statuses, problem } = await measure(work, target);
  if (!wish) {
    setStatus(work, current, work.status.desiredReplicas, statuses);
    await writeStatus(work).catch(() => {});
    tell(work, 'FailedComputeMetricsReplicas', problem ?? '');
    throw new Error(
      `failed to compute desired number of replicas based on listed metrics for ${reference}: ${problem}`,
    );
  }
  const { replicas } = limit(work, current, wish.replicas);
  const reason = wish.replicas > current ? `${wish.metric} above target` : 'All metrics below target';
  return { isWanted: true, replicas, reason, statuses, ...(problem === undefined ? {} : { problem }) };
}

async function findTarget(work: Work, reference: string): Promise<Target> {
  const { autoscaler, context, memory } = work;
  const { apiVersion = '', kind, name } = autoscaler.spec.scaleTargetRef;
  const fail = async (error: unknown, prefix: string): Promise<never> => {
    const cause = errorMessage(error);
    tell(work, 'FailedGetScale', cause);
    const message = `the HPA controller was unable to get the target's current scale: ${cause}`;
    condition(work, 'AbleToScale', false, { reason: 'FailedGetScale', message });
    await writeStatus(work).catch(() => {});
    throw new Error(`${prefix}: ${cause}`, { cause: error });
  };
  if (apiVersion.split('/').length > 2) {
    return fail(
      new Error(`unexpected GroupVersion string: ${apiVersion}`),
      'invalid API version in scale target reference',
    );
  }
  const resources = await memory.resources
    .find(parseApiVersion(apiVersion).group, kind)
    .catch((error: unknown) => fail(error, 'unable to determine resource for scale target reference'));
  const targetKey = { namespace: autoscaler.metadata.namespace, name };
  let first: unknown;
  for (const type of resources) {
    try {
      return { type, scale: await context.client.getScale(type, targetKey, { signal: context.signal }) };
    } catch (error) {
      first ??= error;
    }
  }
  return fail(first, `failed to query scale subresource for ${reference}`);
}

async function measure(work: Work, target: Target): Promise<MetricsOutcome> {
  const { autoscaler, context, memory, options, now } = work;
  const { namespace } = autoscaler.metadata;
  const { spec, status } = target.scale;
  const selector = status?.selector ?? '';
  const problem = selectorProblem(work, selector);
  if (problem !== undefined) {
    const current = work.status.conditions?.find(({ type }) => type === 'ScalingActive');
    return {
      events: [],
      problem,
      condition: { ...current, type: 'ScalingActive', status: 'False' } as ConditionText,
    };
  }
  const matcher = parseLabelSelector(selector);
  const input = {
    namespace,
    selector,
    specReplicas: spec.replicas ?? 0,
    statusReplicas: status?.replicas ?? 0,
    metrics: autoscaler.spec.metrics ?? [],
    scene: {
      pods: context.informers
        .get(pods)
        .list(namespace)
        .filter((pod) => matcher.matches(pod.metadata.labels)),
      tolerances: tolerancesOf(autoscaler, options),
      cpuInitializationMs: options.horizontalPodAutoscalerCpuInitializationPeriodMs,
      initialReadinessDelayMs: options.horizontalPodAutoscalerInitialReadinessDelayMs,
      now,
    },
  };
  const results = [];
  for (const metric of input.metrics) results.push(await computeMetric(metric, input, memory.metrics));
  const outcome = combineMetrics(results, input.specReplicas);
  for (const { reason, message } of outcome.events) tell(work, reason, message);
  conditionText(work, outcome.condition);
  return outcome;
}

/** Why the selector of the target's pods is of no use; told as an event and a condition. */
function selectorProblem(work: Work, selector: string): string | undefined {
  const { autoscaler, context, memory } = work;
  const { namespace } = autoscaler.metadata;
  const refuse = (event: string, reason: string, text: string, message = text): string => {
    tell(work, event, text);
    condition(work, 'ScalingActive', false, { reason, message });
    return text;
  };
  if (selector === '') {
    const message = "the HPA target's scale is missing a selector";
    return refuse('SelectorRequired', 'InvalidSelector', 'selector is required', message);
  }
  try {
    const matcher = parseLabelSelector(selector);
    memory.selectors.set(autoscaler.metadata, matcher);
    const matching = context.informers
      .get(pods)
      .list(namespace)
      .filter((pod) => matcher.matches(pod.metadata.labels));
    const keys = memory.selectors.selecting(matching, namespace);
    if (keys.length <= 1) return undefined;
    const names = keys.map(({ name }) => `${namespace}/${name}`).join(' ');
    const text = `pods by selector ${selector} are controlled by multiple HPAs: [${names}]`;
    return refuse('AmbiguousSelector', 'AmbiguousSelector', text);
  } catch (error) {
    const text = `couldn't convert selector into a corresponding internal selector object: ${errorMessage(error)}`;
    return refuse('InvalidSelector', 'InvalidSelector', text);
  }
}

function limit(work: Work, current: number, desired: number): ScalingLimit {
  const { autoscaler, memory, options, now } = work;
  const { minReplicas = 1, maxReplicas, behavior } = autoscaler.spec;
  const key = keyText(autoscaler.metadata);
  const history = memory.histories.get(key) ?? initialHistory(current, now);
  const downscaleStabilizationMs = options.horizontalPodAutoscalerDownscaleStabilizationMs;
  const wish = { current, desired, minReplicas, maxReplicas, behavior, downscaleStabilizationMs, history, now };
  const limited = limitScaling(wish);
  memory.histories.set(key, recommend(history, desired, now, historyMs(behavior, downscaleStabilizationMs)));
  condition(work, 'AbleToScale', true, limited.ableToScale);
  condition(work, 'ScalingLimited', limited.isLimited, limited.limited);
  return limited;
}

async function rescale(
  work: Work,
  target: Target,
  reference: string,
  current: number,
  decision: Decision,
): Promise<void> {
  const { autoscaler, memory, options, now } = work;
  const { replicas, reason, statuses } = decision;
  try {
    await writeScale(work, target, replicas);
  } catch (error) {
    const cause = errorMessage(error);
    tell(work, 'FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${cause}`);
    const message = `the HPA controller was unable to update the target scale: ${cause}`;
    condition(work, 'AbleToScale', false, { reason: 'FailedUpdateScale', message });
    setStatus(work, current, work.status.desiredReplicas, statuses);
    await writeStatus(work).catch(() => {});
    throw new Error(`failed to rescale ${reference}: ${cause}`, { cause: error });
  }
  const message = `the HPA controller was able to update the target scale to ${replicas}`;
  condition(work, 'AbleToScale', true, { reason: 'SucceededRescale', message });
  tell(work, 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`, 'Normal');
  if (!autoscaler.spec.behavior) return;
  const key = keyText(autoscaler.metadata);
  const keepMs = historyMs(autoscaler.spec.behavior, options.horizontalPodAutoscalerDownscaleStabilizationMs);
  memory.histories.set(key, scaled(memory.histories.get(key)!, current, replicas, now, keepMs));
}

async function writeScale({ context }: Work, { type, scale }: Target, replicas: number): Promise<void> {
  const { client, clock, signal } = context;
  let latest = scale;
  for (let tries = 1; ; tries++) {
    try {
      const wanted = { ...latest, spec: { ...latest.spec, replicas } };
      await client.update(type, wanted as KubeObject, { subresource: 'scale', signal });
      return;
    } catch (error) {
      if (!isConflict(error) || tries >= SCALE_TRIES) throw error;
      latest = await client.getScale(type, scale.metadata, { signal });
      await clock.sleep(SCALE_RETRY_MS, signal);
    }
  }
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler, options: Options): Tolerances {
  const { scaleDown, scaleUp } = spec.behavior ?? {};
  const fallback = options.horizontalPodAutoscalerTolerance;
  return {
    down: scaleDown?.tolerance === undefined ? fallback : quantityToFloat(scaleDown.tolerance),
    up: scaleUp?.tolerance === undefined ? fallback : quantityToFloat(scaleUp.tolerance),
  };
}

function setStatus(
  work: Work,
  current: number,
  desired: number,
  metrics: MetricsOutcome['statuses'] | undefined,
): void {
  const { lastScaleTime, conditions } = work.status;
  work.status = {
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas: current,
    desiredReplicas: desired,
    ...(metrics === undefined ? {} : { currentMetrics: metrics }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

async function writeStatus({ autoscaler, context, status }: Work): Promise<void> {
  if (isSameStatus(status, autoscaler.status)) return;
  try {
    await context.client.updateStatus(horizontalPodAutoscalers, { ...autoscaler, status }, { signal: context.signal });
  } catch (error) {
    context.events.event(autoscaler, 'Warning', 'FailedUpdateStatus', errorMessage(error));
    throw new Error(`failed to update status for ${autoscaler.metadata.name}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Zeros and empty lists may be left out. */
function isSameStatus(a: HorizontalPodAutoscalerStatus, b: HorizontalPodAutoscalerStatus | undefined): boolean {
  return (
    (a.currentReplicas ?? 0) === (b?.currentReplicas ?? 0) &&
    a.desiredReplicas === (b?.desiredReplicas ?? 0) &&
    a.lastScaleTime === b?.lastScaleTime &&
    deepEqual(a.currentMetrics ?? [], b?.currentMetrics ?? []) &&
    deepEqual(a.conditions ?? [], b?.conditions ?? [])
  );
}

function condition(
  work: Work,
  type: string,
  isTrue: boolean,
  text: { readonly reason: string; readonly message: string },
): void {
  conditionText(work, { type, status: isTrue ? 'True' : 'False', ...text });
}

function conditionText(work: Work, text: ConditionText): void {
  work.status = { ...work.status, conditions: setCondition(work.status.conditions ?? [], text, work.now) };
}

function tell(
  { autoscaler, context }: Work,
  reason: string,
  message: string,
  type: 'Normal' | 'Warning' = 'Warning',
): void {
  context.events.event(autoscaler, type, reason, message);
}

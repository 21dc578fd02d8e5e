/**
 * How many replicas a metric asks for. Pure; throws MetricError where there is nothing to go by.
 *
 * Mirrors: pkg/controller/podautoscaler/replica_calculator.go, pkg/controller/podautoscaler/metrics/utilization.go (v1.36)
 */
import { podRequests } from '@kts/api';
import type { Pod } from '@kts/api/types/core-v1';
import { parseTime, quantityScaled, type Quantity } from '@kts/apimachinery';

import { isPodReady, podCondition } from '../pods/pod-state.ts';

/** The message is for the autoscaler's conditions and events. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
}

/** One pod's value, in thousandths. */
export interface PodMetric {
  readonly value: number;
  /** When it was measured, and over how long. */
  readonly at: number;
  readonly windowMs: number;
}

export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** How far the usage may be off its target before anything is done, as parts of 1. */
export interface Tolerances {
  readonly down: number;
  readonly up: number;
}

export interface Scene {
  /** All that the target's selector matches. */
  readonly pods: readonly Pod[];
  readonly tolerances: Tolerances;
  readonly cpuInitializationMs: number;
  readonly initialReadinessDelayMs: number;
  readonly now: number;
}

export interface Count {
  readonly replicas: number;
  /** The average usage of a pod, in thousandths. */
  readonly usage: number;
  /** Percent of what was requested, for targets of utilization. */
  readonly utilization?: number;
}

const REPLICAS_MAX = 2 ** 31 - 1;
const NO_PODS = 'no pods returned by selector while calculating replica count';
const NO_METRICS = 'did not receive metrics for targeted pods (pods might be unready)';

export function milli(quantity: Quantity): number {
  return Number(quantityScaled(quantity, -3));
}

/** For a target in percent of the requests of each pod, or of one of its containers. */
export function countByUtilization(
  scene: Scene,
  metrics: PodMetrics,
  current: number,
  target: number,
  resource: string,
  container: string,
): Count {
  const groups = groupPods(scene, metrics, resource);
  const requests = new Map(scene.pods.map((pod) => [pod.metadata.name, requestOf(pod, container, resource)]));
  const { ratio, utilization, usage } = utilizationOf(groups.metrics, requests, target);
  const replicas = countByRatio(scene, groups, current, ratio, {
    // The missing are taken to use all that they asked for when it goes down.
    missing: (pod) => Math.trunc(((requests.get(pod) ?? 0) * Math.max(100, target)) / 100),
    ratioOf: (values) => utilizationOf(values, requests, target).ratio,
  });
  return { replicas, usage, utilization };
}

/** For a target in units of the metric for each pod. */
export function countByUsage(
  scene: Scene,
  metrics: PodMetrics,
  current: number,
  target: number,
  resource: string,
): Count {
  const groups = groupPods(scene, metrics, resource);
  const { ratio, usage } = usageOf(groups.metrics, target);
  const replicas = countByRatio(scene, groups, current, ratio, {
    missing: () => target,
    ratioOf: (values) => usageOf(values, target).ratio,
  });
  return { replicas, usage };
}

/** For a target of the metric as a whole: more replicas in proportion. From zero, as many as the ratio says. */
export function countByWhole({ pods, tolerances }: Scene, current: number, usage: number, target: number): Count {
  const ratio = usage / target;
  if (current === 0) return { replicas: Math.ceil(ratio), usage };
  if (isWithin(tolerances, ratio)) return { replicas: current, usage };
  if (pods.length === 0) throw new MetricError(`unable to calculate ready pods: ${NO_PODS}`);
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: Math.min(Math.ceil(ratio * ready), REPLICAS_MAX), usage };
}

/** For a target of the metric's share for each replica. */
export function countByShare(
  { tolerances }: Pick<Scene, 'tolerances'>,
  replicas: number,
  usage: number,
  target: number,
): Count {
  const ratio = usage / (target * replicas);
  const wanted = isWithin(tolerances, ratio) ? replicas : Math.min(Math.ceil(usage / target), REPLICAS_MAX);
  return { replicas: wanted, usage: Math.ceil(usage / replicas) };
}

interface PodGroups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  /** Values of pods that count. */
  readonly metrics: ReadonlyMap<string, number>;
}

function groupPods(scene: Scene, metrics: PodMetrics, resource: string): PodGroups {
  if (scene.pods.length === 0) throw new MetricError(NO_PODS);
  const unready: string[] = [];
  const missing: string[] = [];
  const counted = new Map([...metrics].map(([name, { value }]) => [name, value]));
  let ready = 0;
  for (const pod of scene.pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase;
    const metric = metrics.get(name);
    if (deletionTimestamp !== undefined || phase === 'Failed') counted.delete(name);
    else if (phase === 'Pending') unready.push(name);
    else if (!metric) missing.push(name);
    else if (resource === 'cpu' && isStartingUp(pod, metric, scene)) unready.push(name);
    else ready++;
  }
  for (const name of unready) counted.delete(name);
  if (counted.size === 0) throw new MetricError(NO_METRICS);
  return { ready, unready, missing, metrics: counted };
}

/** What a pod burns while it starts says nothing about its load. */
function isStartingUp(pod: Pod, metric: PodMetric, scene: Scene): boolean {
  const condition = podCondition(pod, 'Ready');
  const startTime = pod.status?.startTime;
  if (!condition || startTime === undefined) return true;
  const started = parseTime(startTime);
  const changed = condition.lastTransitionTime ? parseTime(condition.lastTransitionTime) : 0;
  const isUnready = condition.status === 'False';
  if (started + scene.cpuInitializationMs > scene.now) return isUnready || metric.at < changed + metric.windowMs;
  return isUnready && started + scene.initialReadinessDelayMs > changed;
}

/** How values are made up for pods without one, and compared with the target again. */
interface Assumptions {
  readonly missing: (pod: string) => number;
  readonly ratioOf: (metrics: ReadonlyMap<string, number>) => number;
}

function countByRatio(scene: Scene, groups: PodGroups, current: number, ratio: number, assume: Assumptions): number {
  const { ready, unready, missing } = groups;
  const isUpWithUnready = unready.length > 0 && ratio > 1;
  if (!isUpWithUnready && missing.length === 0) {
    return isWithin(scene.tolerances, ratio) ? current : Math.ceil(ratio * ready);
  }
  const metrics = new Map(groups.metrics);
  if (ratio < 1) for (const name of missing) metrics.set(name, assume.missing(name));
  if (ratio > 1) for (const name of missing) metrics.set(name, 0);
  if (isUpWithUnready) for (const name of unready) metrics.set(name, 0);
  const assumed = assume.ratioOf(metrics);
  // With what was made up, the direction must not turn.
  const turned = (ratio < 1 && assumed > 1) || (ratio > 1 && assumed < 1);
  if (isWithin(scene.tolerances, assumed) || turned) return current;
  const replicas = Math.ceil(assumed * metrics.size);
  const isAgainst = (assumed < 1 && replicas > current) || (assumed > 1 && replicas < current);
  return isAgainst ? current : replicas;
}

function utilizationOf(
  metrics: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
  target: number,
): { readonly ratio: number; readonly utilization: number; readonly usage: number } {
  const known = [...metrics].filter(([name]) => requests.has(name));
  const used = known.reduce((sum, [, value]) => sum + value, 0);
  const requested = known.reduce((sum, [name]) => sum + requests.get(name)!, 0);
  if (requested === 0) throw new MetricError('no metrics returned matched known pods');
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) };
}

function usageOf(
  metrics: ReadonlyMap<string, number>,
  target: number,
): { readonly ratio: number; readonly usage: number } {
  const used = [...metrics.values()].reduce((sum, value) => sum + value, 0);
  const usage = Math.trunc(used / metrics.size);
  return { ratio: usage / target, usage };
}

/** Of the pod as a whole where that says anything, else of its containers that run at the same time. */
function requestOf(pod: Pod, container: string, resource: string): number {
  const { name } = pod.metadata;
  const hasOwn = Object.keys(pod.spec.resources?.requests ?? {}).some(isPodLevelResource);
  if (hasOwn && container === '') {
    const request = podRequests(pod)[resource];
    if (request === undefined) throw new MetricError(`missing pod-level request for ${resource} in Pod ${name}`);
    return milli(request);
  }
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const counted = [...pod.spec.containers, ...sidecars].filter((each) => container === '' || each.name === container);
  if (container !== '' && counted.length === 0)
    throw new MetricError(`container ${container} not found in Pod ${name}`);
  return counted.reduce((sum, { name: containerName, resources }) => {
    const request = resources?.requests?.[resource];
    if (request === undefined) {
      throw new MetricError(`missing request for ${resource} in container ${containerName} of Pod ${name}`);
    }
    return sum + milli(request);
  }, 0);
}

function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function isWithin({ down, up }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

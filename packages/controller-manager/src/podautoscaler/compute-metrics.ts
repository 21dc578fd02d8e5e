/**
 * What all metrics of an autoscaler together ask for.
 *
 * Mirrors: computeReplicasForMetrics and what it calls in pkg/controller/podautoscaler/horizontal.go (v1.36)
 */
import type {
  ContainerResourceMetricSource,
  ExternalMetricSource,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  ObjectMetricSource,
  PodsMetricSource,
} from '@kts/api/types/autoscaling-v2';
import {
  formatLabelSelector,
  formatQuantity,
  milliQuantityOf,
  type LabelSelector,
  type Quantity,
} from '@kts/apimachinery';

import { errorMessage } from '../pods/pod-control.ts';
import type { MetricsClient } from './metrics-client.ts';
import {
  countByShare,
  countByUsage,
  countByUtilization,
  countByWhole,
  MetricError,
  milli,
  type Count,
  type Scene,
} from './replica-count.ts';

export interface MetricsInput {
  readonly namespace: string;
  /** Of the target's pods. */
  readonly selector: string;
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly scene: Scene;
  readonly metrics: readonly MetricSpec[];
}

/** One metric's wish, or why it has none. */
export type MetricResult =
  | { readonly replicas: number; readonly name: string; readonly status: MetricStatus }
  | { readonly problem: string; readonly event: { readonly reason: string; readonly message: string } };

export interface MetricsOutcome {
  /** Absent: nothing can be said, and nothing may be done. */
  readonly wish?: { readonly replicas: number; readonly metric: string };
  /** Absent: no metric was looked at. */
  readonly statuses?: readonly MetricStatus[];
  readonly condition: Pick<HorizontalPodAutoscalerCondition, 'type' | 'status' | 'reason' | 'message'>;
  /** Some metric could not be read. */
  readonly problem?: string;
  readonly events: readonly { readonly reason: string; readonly message: string }[];
}

/** Where a metric has no status, upstream writes an empty one. */
const NO_STATUS: MetricStatus = { type: '' };

/** The most that any metric asks for; if one cannot be read, there is no scaling down. Pure. */
export function combineMetrics(results: readonly MetricResult[], specReplicas: number): MetricsOutcome {
  const statuses = results.map((result) => ('status' in result ? result.status : NO_STATUS));
  const failed = results.filter((result) => 'problem' in result);
  const events = failed.map(({ event }) => event);
  let wish: MetricsOutcome['wish'];
  for (const result of results) {
    if ('problem' in result) continue;
    if (!wish || wish.replicas === 0 || result.replicas > wish.replicas) {
      wish = { replicas: result.replicas, metric: result.name };
    }
  }
  const [first] = failed;
  const problem =
    first && `invalid metrics (${failed.length} invalid out of ${results.length}), first error is: ${first.problem}`;
  if (first && (failed.length >= results.length || (wish?.replicas ?? 0) < specReplicas)) {
    const { reason, message } = first.event;
    const text = `the HPA was unable to compute the replica count: ${message}`;
    return {
      statuses,
      events,
      problem: problem!,
      condition: { type: 'ScalingActive', status: 'False', reason, message: text },
    };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${wish?.metric ?? ''}`;
  const condition = { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message };
  return {
    statuses,
    events,
    condition,
    wish: wish ?? { replicas: 0, metric: '' },
    ...(problem === undefined ? {} : { problem }),
  };
}

export async function computeMetric(
  spec: MetricSpec,
  input: MetricsInput,
  client: MetricsClient,
): Promise<MetricResult> {
  switch (spec.type) {
    case 'Resource': {
      const { name, target } = spec.resource!;
      return reported(`failed to get ${name} resource metric value`, 'FailedGetResourceMetric', async () => {
        const { value, ...rest } = await resourceCount(name, '', target, input, client);
        return { ...rest, status: { type: 'Resource', resource: { name, current: value } } };
      });
    }
    case 'ContainerResource':
      return containerMetric(spec.containerResource!, input, client);
    case 'Pods':
      return podsMetric(spec.pods!, input, client);
    case 'Object':
      return objectMetric(spec.object!, input, client);
    case 'External':
      return externalMetric(spec.external!, input, client);
    default: {
      const message = `unknown metric source type "${spec.type}"`;
      return { problem: message, event: { reason: 'InvalidMetricSourceType', message } };
    }
  }
}

type Success = Extract<MetricResult, { readonly status: MetricStatus }>;

async function reported(prefix: string, reason: string, compute: () => Promise<Success>): Promise<MetricResult> {
  try {
    return await compute();
  } catch (error) {
    const message = errorMessage(error);
    return {
      problem: `${prefix}: ${message}`,
      event: { reason, message: error instanceof Prefixed ? error.inner : message },
    };
  }
}

/** Some failures are told in events without the words that stand before them elsewhere. */
class Prefixed extends MetricError {
  readonly inner: string;

  constructor(prefix: string, error: unknown) {
    super(`${prefix}: ${errorMessage(error)}`, { cause: error });
    this.inner = errorMessage(error);
  }
}

function containerMetric(
  { name, container, target }: ContainerResourceMetricSource,
  input: MetricsInput,
  client: MetricsClient,
): Promise<MetricResult> {
  return reported(`failed to get ${container} container metric value`, 'FailedGetContainerResourceMetric', async () => {
    const { value, ...rest } = await resourceCount(name, container, target, input, client);
    return { ...rest, status: { type: 'ContainerResource', containerResource: { name, container, current: value } } };
  });
}

async function resourceCount(
  name: string,
  container: string,
  { averageValue, averageUtilization }: MetricTarget,
  { namespace, selector, scene, specReplicas }: MetricsInput,
  client: MetricsClient,
): Promise<{ readonly replicas: number; readonly name: string; readonly value: MetricValueStatus }> {
  const what = averageValue === undefined ? 'utilization' : 'usage';
  if (averageValue === undefined && averageUtilization === undefined) {
    throw new MetricError(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    );
  }
  try {
    const metrics = await client.resource(namespace, name, selector, container).catch((error: unknown) => {
      throw new MetricError(`unable to get metrics for resource ${name}: ${errorMessage(error)}`, { cause: error });
    });
    if (averageValue !== undefined) {
      const { replicas, usage } = countByUsage(scene, metrics, specReplicas, milli(averageValue), name);
      return { replicas, name: `${name} resource`, value: { averageValue: usageText(usage, name) } };
    }
    const count = countByUtilization(scene, metrics, specReplicas, averageUtilization!, name, container);
    const kind = container === '' ? 'resource' : 'container resource';
    return {
      replicas: count.replicas,
      name: `${name} ${kind} utilization (percentage of request)`,
      value: { averageUtilization: count.utilization!, averageValue: usageText(count.usage, name) },
    };
  } catch (error) {
    throw new MetricError(`failed to get ${name} ${what}: ${errorMessage(error)}`, { cause: error });
  }
}

function podsMetric(
  { metric, target }: PodsMetricSource,
  input: MetricsInput,
  client: MetricsClient,
): Promise<MetricResult> {
  const { namespace, selector, scene, specReplicas } = input;
  return reported('failed to get pods metric value', 'FailedGetPodsMetric', async () => {
    const metrics = await client
      .pods(namespace, metric.name, selector, selectorText(metric.selector))
      .catch((error: unknown) => {
        throw new MetricError(`unable to get metric ${metric.name}: ${errorMessage(error)}`, { cause: error });
      });
    const { replicas, usage } = countByUsage(scene, metrics, specReplicas, milli(target.averageValue ?? '0'), '');
    const status: MetricStatus = { type: 'Pods', pods: { metric, current: { averageValue: milliText(usage) } } };
    return { replicas, name: `pods metric ${metric.name}`, status };
  });
}

function objectMetric(source: ObjectMetricSource, input: MetricsInput, client: MetricsClient): Promise<MetricResult> {
  const { metric, target, describedObject } = source;
  const { namespace } = input;
  return reported('failed to get object metric value', 'FailedGetObjectMetric', async () => {
    const byWhole = target.type === 'Value' && target.value !== undefined;
    if (!byWhole && (target.type !== 'AverageValue' || target.averageValue === undefined)) {
      throw new MetricError('invalid object metric source: neither a value target nor an average value target was set');
    }
    const usage = await client
      .object(namespace, metric.name, describedObject, selectorText(metric.selector))
      .catch((error: unknown) => {
        // The order of the words is upstream's.
        const text = `unable to get metric ${metric.name}: ${describedObject.kind} on ${namespace} ${describedObject.name}/${errorMessage(error)}`;
        const failure = new MetricError(text, { cause: error });
        throw byWhole ? failure : new Prefixed(`failed to get ${metric.name} object metric`, failure);
      });
    const { replicas, current } = wholeOrShare(target, usage, input);
    const name = byWhole ? `${describedObject.kind} metric ${metric.name}` : externalName(metric);
    return { replicas, name, status: { type: 'Object', object: { metric, current, describedObject } } };
  });
}

function externalMetric(
  { metric, target }: ExternalMetricSource,
  input: MetricsInput,
  client: MetricsClient,
): Promise<MetricResult> {
  const { namespace } = input;
  return reported(`failed to get ${metric.name} external metric value`, 'FailedGetExternalMetric', async () => {
    const byShare = target.averageValue !== undefined;
    if (!byShare && target.value === undefined) {
      throw new MetricError(
        'invalid external metric source: neither a value target nor an average value target was set',
      );
    }
    const values = await client
      .external(namespace, metric.name, selectorText(metric.selector))
      .catch((error: unknown) => {
        const text = `unable to get external metric ${namespace}/${metric.name}/${selectorGoText(metric.selector)}: ${errorMessage(error)}`;
        const prefix = byShare
          ? `failed to get ${metric.name} external metric`
          : `failed to get external metric ${metric.name}`;
        throw new Prefixed(prefix, new MetricError(text, { cause: error }));
      });
    const usage = values.reduce((sum, value) => sum + value, 0);
    const chosen = byShare ? { ...target, type: 'AverageValue' } : { ...target, type: 'Value' };
    const { replicas, current } = wholeOrShare(chosen, usage, input);
    return { replicas, name: externalName(metric), status: { type: 'External', external: { metric, current } } };
  });
}

function wholeOrShare(
  { type, value, averageValue }: MetricTarget,
  usage: number,
  { scene, specReplicas, statusReplicas }: MetricsInput,
): { readonly replicas: number; readonly current: MetricValueStatus } {
  if (type === 'Value') {
    const count: Count = countByWhole(scene, specReplicas, usage, milli(value!));
    return { replicas: count.replicas, current: { value: milliText(count.usage) } };
  }
  const count = countByShare(scene, statusReplicas, usage, milli(averageValue!));
  return { replicas: count.replicas, current: { averageValue: milliText(count.usage) } };
}

function externalName({ name, selector }: { readonly name: string; readonly selector?: LabelSelector }): string {
  return `external metric ${name}(${selectorGoText(selector)})`;
}

function selectorText(selector: LabelSelector | undefined): string {
  return selector ? formatLabelSelector(selector) : '';
}

/** As Go prints the structure. */
function selectorGoText(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: ${value},`)
    .join('');
  const expressions = (selector.matchExpressions ?? [])
    .map(
      ({ key, operator, values = [] }) =>
        `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
    )
    .join(',');
  const list = expressions === '' ? '[]LabelSelectorRequirement{}' : `[]LabelSelectorRequirement{${expressions},}`;
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:${list},}`;
}

function milliText(value: number): Quantity {
  return formatQuantity(milliQuantityOf(value));
}

/** Memory is shown in powers of 1024, as metrics servers do. */
function usageText(value: number, resource: string): Quantity {
  return formatQuantity(milliQuantityOf(value, resource === 'memory' ? 'binarySI' : 'decimalSI'));
}

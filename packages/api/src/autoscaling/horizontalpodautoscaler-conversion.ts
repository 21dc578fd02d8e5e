/**
 * Autoscalers between v1, which knows CPU utilization only, and v2, the stored form. What v1 has no fields for travels
 * in annotations that v2 never shows.
 *
 * Mirrors: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/annotations.go (v1.36)
 */
import type { JsonValue } from '@kts/apimachinery';
import type * as v1 from '../gen/autoscaling-v1.gen.ts';
import type * as v2 from '../gen/autoscaling-v2.gen.ts';
import { metricStatusToV1, metricStatusToV2, metricToV1, metricToV2 } from './metric-conversion.ts';

const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;
export const ROUND_TRIP_ANNOTATIONS: readonly string[] = [
  METRICS,
  CURRENT_METRICS,
  CONDITIONS,
  BEHAVIOR,
  `${PREFIX}scale-down-tolerance`,
  `${PREFIX}scale-up-tolerance`,
];
export const DEFAULT_CPU_UTILIZATION = 80;

type Annotations = Readonly<Record<string, string>>;

/** What an autoscaler without metrics goes by. */
export const cpuMetric = (averageUtilization: number): v2.MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

export function withoutRoundTripAnnotations(annotations: Annotations): Annotations {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !ROUND_TRIP_ANNOTATIONS.includes(key)));
}

export function autoscalerToV2(autoscaler: v1.HorizontalPodAutoscaler): v2.HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler;
  const { targetCPUUtilizationPercentage: utilization, ...rest } = spec;
  const annotations = metadata.annotations ?? {};
  const others = listFrom<v1.MetricSpec>(annotations[METRICS])?.map(metricToV2) ?? [];
  const metrics = [...others, ...(utilization === undefined ? [] : [cpuMetric(utilization)])];
  const behavior = behaviorFrom(annotations[BEHAVIOR]);
  return {
    ...autoscaler,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(metadata, withoutRoundTripAnnotations(annotations)),
    spec: {
      ...rest,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(DEFAULT_CPU_UTILIZATION)],
      ...(behavior ? { behavior } : {}),
    },
    ...(status ? { status: statusToV2(status, annotations) } : {}),
  };
}

export function autoscalerToV1(autoscaler: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { kind = 'HorizontalPodAutoscaler', metadata, spec, status } = autoscaler;
  const { metrics = [], behavior, ...rest } = spec;
  const utilization = metrics.map(cpuUtilizationOf).find((value) => value !== undefined);
  const others = metrics.filter((metric) => cpuUtilizationOf(metric) === undefined);
  const { currentMetrics, conditions } = status ?? {};
  const annotations = {
    ...withoutRoundTripAnnotations(metadata.annotations ?? {}),
    ...(others.length > 0 ? { [METRICS]: goJson(others.map(metricToV1)) } : {}),
    ...(currentMetrics?.length ? { [CURRENT_METRICS]: goJson(currentMetrics.map(metricStatusToV1)) } : {}),
    ...(behavior ? { [BEHAVIOR]: goJson(behaviorText(behavior)) } : {}),
    ...(conditions?.length ? { [CONDITIONS]: goJson(conditions.map(conditionText)) } : {}),
  };
  return {
    apiVersion: 'autoscaling/v1',
    kind,
    metadata: withAnnotations(metadata, annotations),
    spec: { ...rest, ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }) },
    ...(status ? { status: statusToV1(status) } : {}),
  };
}

function statusToV2(status: v1.HorizontalPodAutoscalerStatus, annotations: Annotations) {
  const { currentCPUUtilizationPercentage: averageUtilization, currentReplicas, desiredReplicas, ...rest } = status;
  const ownMetrics: v2.MetricStatus[] =
    averageUtilization === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization } } }];
  const currentMetrics = listFrom<v1.MetricStatus>(annotations[CURRENT_METRICS])?.map(metricStatusToV2) ?? ownMetrics;
  const conditions = listFrom<v2.HorizontalPodAutoscalerCondition>(annotations[CONDITIONS]) ?? [];
  return {
    ...rest,
    ...(currentReplicas ? { currentReplicas } : {}),
    desiredReplicas,
    // Shown even if there are none.
    currentMetrics: currentMetrics.length > 0 ? currentMetrics : (null as never),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function statusToV1(status: v2.HorizontalPodAutoscalerStatus): v1.HorizontalPodAutoscalerStatus {
  const { currentMetrics, conditions: _, currentReplicas = 0, desiredReplicas, ...rest } = status;
  const utilization = currentMetrics?.findLast(
    ({ type, resource }) => type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization,
  )?.resource?.current.averageUtilization;
  return {
    ...rest,
    currentReplicas,
    desiredReplicas,
    ...(utilization === undefined ? {} : { currentCPUUtilizationPercentage: utilization }),
  };
}

const cpuUtilizationOf = ({ type, resource }: v2.MetricSpec): number | undefined =>
  type === 'Resource' && resource?.name === 'cpu' ? resource.target.averageUtilization : undefined;

function withAnnotations<M extends { readonly annotations?: Annotations }>(metadata: M, annotations: Annotations): M {
  const { annotations: _, ...rest } = metadata;
  return (Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest) as M;
}

/** Behaviour is written by the names of the internal type, and read whatever their case. */
function behaviorText({ scaleUp, scaleDown }: v2.HorizontalPodAutoscalerBehavior): JsonValue {
  return { ScaleUp: rulesText(scaleUp), ScaleDown: rulesText(scaleDown) };
}

function rulesText(rules: v2.HPAScalingRules | undefined): JsonValue {
  if (!rules) return null;
  const policies = rules.policies?.map(({ type, value, periodSeconds }) => ({
    Type: type,
    Value: value,
    PeriodSeconds: periodSeconds,
  }));
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: policies ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

function behaviorFrom(text: string | undefined): v2.HorizontalPodAutoscalerBehavior | undefined {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const behavior = lowerCased(value) as v2.HorizontalPodAutoscalerBehavior;
  return behavior.scaleUp || behavior.scaleDown ? behavior : undefined;
}

/** Names begin in lower case, and what is null is left out. */
function lowerCased(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(lowerCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [name.charAt(0).toLowerCase() + name.slice(1), lowerCased(field)]),
  );
}

function conditionText(condition: v2.HorizontalPodAutoscalerCondition): JsonValue {
  const { type, status, lastTransitionTime, reason, message } = condition;
  return {
    type,
    status,
    lastTransitionTime: lastTransitionTime ?? null,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
}

function listFrom<T>(text: string | undefined): readonly T[] | undefined {
  const value = parsed(text);
  return Array.isArray(value) ? (value as readonly T[]) : undefined;
}

/** Annotations that hold no JSON count as absent. */
function parsed(text: string | undefined): JsonValue | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** JSON as Go writes it: fit for HTML. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&]/g, (character) => {
    return `\\u00${character.charCodeAt(0).toString(16)}`;
  });
}

/**
 * What `kubectl get` shows of autoscalers.
 *
 * Mirrors: printHorizontalPodAutoscaler in pkg/printers/internalversion/printers.go (v1.36)
 */
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../gen/autoscaling-v2.gen.ts';
import { age } from '../human-duration.ts';
import type { Cell } from '../resource-definition.ts';

const SHOWN_METRICS = 2;
const UNKNOWN = '<unknown>';

export function autoscalerCells({ metadata, spec, status }: HorizontalPodAutoscaler, now: number): readonly Cell[] {
  return [
    metadata.name,
    `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    metricsText(spec.metrics ?? [], status?.currentMetrics ?? []),
    spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
    spec.maxReplicas,
    status?.currentReplicas ?? 0,
    age(metadata.creationTimestamp, now),
  ];
}

function metricsText(metrics: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (metrics.length === 0) return '<none>';
  const texts = metrics.map((metric, index) => metricText(metric, statuses[index]));
  const shown = texts.slice(0, SHOWN_METRICS).join(', ');
  return texts.length > SHOWN_METRICS ? `${shown} + ${texts.length - SHOWN_METRICS} more...` : shown;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const { external, object, pods, resource, containerResource } = metric;
  switch (metric.type) {
    case 'External':
      return external ? valueText(external.target, status?.external?.current) : UNKNOWN;
    case 'Object':
      return object ? valueText(object.target, status?.object?.current) : UNKNOWN;
    case 'Pods':
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${pods?.target.averageValue ?? ''}`;
    case 'Resource':
      return resource ? resourceText(resource.name, resource.target, status?.resource?.current) : UNKNOWN;
    case 'ContainerResource': {
      const current = status?.containerResource?.current;
      return containerResource ? resourceText(containerResource.name, containerResource.target, current) : UNKNOWN;
    }
    default:
      return '<unknown type>';
  }
}

function valueText({ averageValue, value }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${value ?? ''}`;
}

function resourceText(name: string, target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined) return `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const now = current?.averageUtilization === undefined ? UNKNOWN : `${current.averageUtilization}%`;
  const wanted = target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`;
  return `${name}: ${now}/${wanted}`;
}

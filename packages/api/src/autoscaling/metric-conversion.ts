/**
 * Metrics of autoscalers between their two spellings: v1 (`targetAverageValue`) and v2 (`target.averageValue`). The
 * fields of the v1 forms are in the order in which upstream writes them: they are stored as text.
 *
 * Mirrors: Convert_..._Metric... in pkg/apis/autoscaling/v1/conversion.go (v1.36)
 */
import { quantityCompare, type Quantity } from '@kts/apimachinery';
import type * as v1 from '../gen/autoscaling-v1.gen.ts';
import type * as v2 from '../gen/autoscaling-v2.gen.ts';

const ZERO: Quantity = '0';

export function metricToV1({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: v2.MetricSpec): v1.MetricSpec {
  const old = {
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      targetValue: object.target.value ?? ZERO,
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      targetAverageValue: pods.target.averageValue ?? ZERO,
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...targetToV1(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...targetToV1(containerResource.target),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  };
  return withoutUndefined(old) as v1.MetricSpec;
}

export function metricToV2({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: v1.MetricSpec): v2.MetricSpec {
  const keepsValue = object && (!object.averageValue || quantityCompare(object.targetValue, ZERO) !== 0);
  const converted = {
    type,
    object: object && {
      describedObject: object.target,
      target: {
        type: object.averageValue ? 'AverageValue' : 'Value',
        value: keepsValue ? object.targetValue : undefined,
        averageValue: object.averageValue,
      },
      metric: { name: object.metricName, selector: object.selector },
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: targetToV2(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: targetToV2(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      target: {
        type: external.targetValue ? 'Value' : 'AverageValue',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      },
    },
  };
  return withoutUndefined(converted) as v2.MetricSpec;
}

export function metricStatusToV1(status: v2.MetricStatus): v1.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = status;
  const old = {
    type,
    object: object && {
      target: object.describedObject,
      metricName: object.metric.name,
      currentValue: object.current.value ?? ZERO,
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    pods: pods && {
      metricName: pods.metric.name,
      currentAverageValue: pods.current.averageValue ?? ZERO,
      selector: pods.metric.selector,
    },
    resource: resource && { name: resource.name, ...currentToV1(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...currentToV1(containerResource.current),
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? ZERO,
      currentAverageValue: external.current.averageValue,
    },
  };
  return withoutUndefined(old) as v1.MetricStatus;
}

export function metricStatusToV2(status: v1.MetricStatus): v2.MetricStatus {
  const { type, object, pods, resource, containerResource, external } = status;
  const converted = {
    type,
    object: object && {
      metric: { name: object.metricName, selector: object.selector },
      current: { value: object.currentValue, averageValue: object.averageValue },
      describedObject: object.target,
    },
    pods: pods && {
      metric: { name: pods.metricName, selector: pods.selector },
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: currentToV2(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: currentToV2(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: { name: external.metricName, selector: external.metricSelector },
      current: { value: external.currentValue, averageValue: external.currentAverageValue },
    },
  };
  return withoutUndefined(converted) as v2.MetricStatus;
}

const targetToV1 = ({ averageUtilization, averageValue }: v2.MetricTarget) => ({
  targetAverageUtilization: averageUtilization,
  targetAverageValue: averageValue,
});

const targetToV2 = ({ targetAverageUtilization, targetAverageValue }: v1.ResourceMetricSource) => ({
  type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
  averageValue: targetAverageValue,
  averageUtilization: targetAverageUtilization,
});

const currentToV1 = ({ averageUtilization, averageValue }: v2.MetricValueStatus) => ({
  currentAverageUtilization: averageUtilization,
  currentAverageValue: averageValue ?? ZERO,
});

const currentToV2 = ({ currentAverageUtilization, currentAverageValue }: v1.ResourceMetricStatus) => ({
  averageValue: currentAverageValue,
  averageUtilization: currentAverageUtilization,
});

/** The object without its undefined fields, at any depth. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([name, field]) => [name, withoutUndefined(field)]),
  );
}

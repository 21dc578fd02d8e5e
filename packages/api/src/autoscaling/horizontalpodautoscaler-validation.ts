/**
 * Autoscalers, in the v2 form.
 *
 * Mirrors: pkg/apis/autoscaling/validation/validation.go (v1.36; scaling to zero is off)
 */
import {
  FieldPath,
  forbidden,
  invalid,
  isPathSegmentName,
  notSupported,
  quantityCompare,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { checkContainerResourceName } from '../core/resource-validation.ts';
import {
  checkDnsLabel,
  checkNonNegative,
  checkNonNegativeQuantity,
  checkSupported,
  invalidEach,
} from '../field-checks.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../gen/autoscaling-v2.gen.ts';

const SPEC = FieldPath.of('spec');
const STATUS = FieldPath.of('status');
const PERIOD_SECONDS_MAX = 1800;
const STABILIZATION_WINDOW_SECONDS_MAX = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];
const METRIC_FIELDS = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const METRIC_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

interface AutoscalerRules {
  readonly minReplicas: number;
  /** `any`: not looked at. */
  readonly targetVersion: 'any' | 'named group' | 'any group';
  readonly metricVersion: 'any' | 'any group';
}

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const targetVersion = spec.scaleTargetRef.kind === 'ReplicationController' ? 'any group' : 'named group';
  return validateSpec(spec, { minReplicas: 1, targetVersion, metricVersion: 'any group' });
}

/** What was accepted once stays acceptable. */
export function validateAutoscalerUpdate(
  { spec }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
): FieldError[] {
  const { kind, apiVersion } = spec.scaleTargetRef;
  const { scaleTargetRef: before, metrics = [], minReplicas } = old.spec;
  const sameTarget = before.kind === kind && before.apiVersion === apiVersion;
  const badMetric = metrics.some(
    ({ object }) => object && versionErrors(object.describedObject, 'any group').length > 0,
  );
  return validateSpec(spec, {
    minReplicas: minReplicas === 0 ? 0 : 1,
    targetVersion: sameTarget ? 'any' : kind === 'ReplicationController' ? 'any group' : 'named group',
    metricVersion: badMetric ? 'any' : 'any group',
  });
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  return [
    ...checkNonNegative(status?.currentReplicas, STATUS.child('currentReplicas')),
    ...checkNonNegative(status?.desiredReplicas, STATUS.child('desiredReplicas')),
  ];
}

function validateSpec(spec: HorizontalPodAutoscalerSpec, rules: AutoscalerRules): FieldError[] {
  const { minReplicas, maxReplicas, metrics = [], scaleTargetRef, behavior } = spec;
  const maxPath = SPEC.child('maxReplicas');
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < rules.minReplicas) {
    const text = `must be greater than or equal to ${rules.minReplicas}`;
    errors.push(invalid(SPEC.child('minReplicas'), minReplicas, text));
  }
  if (maxReplicas === 0) errors.push(required(maxPath, 'must be set and greater than 0'));
  else if (maxReplicas < 0) errors.push(invalid(maxPath, maxReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid(maxPath, maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(
    ...validateTarget(scaleTargetRef, SPEC.child('scaleTargetRef'), rules.targetVersion),
    ...metrics.flatMap((metric, index) => validateMetric(metric, SPEC.child('metrics').index(index), rules)),
  );
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbidden(SPEC.child('metrics'), text));
  }
  return [
    ...errors,
    ...validateRules(behavior?.scaleUp, SPEC.child('behavior', 'scaleUp')),
    ...validateRules(behavior?.scaleDown, SPEC.child('behavior', 'scaleDown')),
  ];
}

function validateTarget(
  target: CrossVersionObjectReference,
  path: FieldPath,
  version: AutoscalerRules['targetVersion'],
): FieldError[] {
  const { kind, name, apiVersion = '' } = target;
  return [
    ...(kind ? invalidEach(path.child('kind'), kind, isPathSegmentName(kind)) : [required(path.child('kind'))]),
    ...(name ? invalidEach(path.child('name'), name, isPathSegmentName(name)) : [required(path.child('name'))]),
    ...invalidEach(path.child('apiVersion'), apiVersion, versionErrors(target, version)),
  ];
}

function versionErrors(
  { apiVersion = '' }: CrossVersionObjectReference,
  version: AutoscalerRules['targetVersion'],
): string[] {
  if (version === 'any') return [];
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [`unexpected GroupVersion string: ${apiVersion}`];
  const hasGroup = parts.length === 2 && parts[0] !== '';
  return version === 'named group' && !hasGroup ? ['apiVersion must specify API group'] : [];
}

function validateMetric(metric: MetricSpec, path: FieldPath, rules: AutoscalerRules): FieldError[] {
  const { type } = metric;
  const typePath = path.child('type');
  const errors = type ? [] : [required(typePath, 'must specify a metric source type')];
  if (!METRIC_TYPES.includes(type)) {
    errors.push(notSupported(typePath, type, METRIC_TYPES), notSupported(typePath, type, METRIC_TYPES));
  }
  const present = METRIC_FIELDS.filter((field) => metric[field]);
  const [first] = present;
  if (first) errors.push(...validateSource(metric, first, path.child(first), rules));
  const expected = METRIC_FIELDS.find((field) => field === type.charAt(0).toLowerCase() + type.slice(1));
  if (expected && !metric[expected]) {
    errors.push(required(path.child(expected), 'must populate information for the given metric source'));
  }
  if (present.length === 1) return errors;
  const others = present.filter((field) => field !== expected);
  return [
    ...errors,
    ...others.map((field) => forbidden(path.child(field), 'must populate the given metric source only')),
  ];
}

function validateSource(
  metric: MetricSpec,
  field: (typeof METRIC_FIELDS)[number],
  path: FieldPath,
  rules: AutoscalerRules,
): FieldError[] {
  const { object, external, pods, resource, containerResource } = metric;
  if (field === 'object' && object) {
    return [
      ...validateTarget(object.describedObject, path.child('describedObject'), rules.metricVersion),
      ...validateIdentifier(object.metric, path.child('metric')),
      ...validateMetricTarget(object.target, path.child('target')),
      ...requireTarget(
        object.target,
        ['value', 'averageValue'],
        path,
        'must set either a target value or averageValue',
      ),
    ];
  }
  if (field === 'external' && external) {
    const text = 'must set either a target value for metric or a per-pod target';
    return [
      ...validateIdentifier(external.metric, path.child('metric')),
      ...validateMetricTarget(external.target, path.child('target')),
      ...requireTarget(external.target, ['value', 'averageValue'], path, text),
      ...(external.target.value !== undefined && external.target.averageValue !== undefined
        ? [forbidden(path.child('target', 'value'), 'may not set both a target value for metric and a per-pod target')]
        : []),
    ];
  }
  if (field === 'pods' && pods) {
    return [
      ...validateIdentifier(pods.metric, path.child('metric')),
      ...validateMetricTarget(pods.target, path.child('target')),
      ...requireTarget(pods.target, ['averageValue'], path, 'must specify a positive target averageValue'),
    ];
  }
  const source = field === 'resource' ? resource : containerResource;
  if (!source) return [];
  const nameErrors = source.name
    ? field === 'containerResource'
      ? checkContainerResourceName(source.name, path.child('name'))
      : []
    : [required(path.child('name'), 'must specify a resource name')];
  return [
    ...nameErrors,
    ...(containerResource && field === 'containerResource' ? validateContainerName(containerResource, path) : []),
    ...validateResourceTarget(source.target, path),
  ];
}

function validateContainerName({ container }: { readonly container: string }, path: FieldPath): FieldError[] {
  const at = path.child('container');
  return container ? checkDnsLabel(container, at) : [required(at, 'must specify a container')];
}

function validateResourceTarget(target: MetricTarget, path: FieldPath): FieldError[] {
  const errors = validateMetricTarget(target, path.child('target'));
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined) {
    const text = 'must set either a target raw value or a target utilization';
    return [...errors, required(path.child('target', 'averageUtilization'), text)];
  }
  if (averageUtilization === undefined || averageValue === undefined) return errors;
  const text = 'may not set both a target raw value and a target utilization';
  return [...errors, forbidden(path.child('target', 'averageValue'), text)];
}

function requireTarget(
  target: MetricTarget,
  fields: readonly ('value' | 'averageValue')[],
  path: FieldPath,
  text: string,
): FieldError[] {
  const isSet = fields.some((field) => target[field] !== undefined);
  return isSet ? [] : [required(path.child('target', 'averageValue'), text)];
}

function validateMetricTarget(target: MetricTarget, path: FieldPath): FieldError[] {
  const { type, averageUtilization } = target;
  const errors = type ? [] : [required(path.child('type'), 'must specify a metric target type')];
  if (!TARGET_TYPES.includes(type)) {
    errors.push(invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const field of ['value', 'averageValue'] as const) {
    const value = target[field];
    if (value !== undefined && quantityCompare(value, '0') <= 0) {
      errors.push(invalid(path.child(field), value, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

function validateIdentifier({ name }: MetricIdentifier, path: FieldPath): FieldError[] {
  const at = path.child('name');
  return name ? invalidEach(at, name, isPathSegmentName(name)) : [required(at, 'must specify a metric name')];
}

function validateRules(rules: HPAScalingRules | undefined, path: FieldPath): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = path.child('stabilizationWindowSeconds');
  const errors: FieldError[] = [];
  if (seconds < 0) errors.push(invalid(windowPath, seconds, 'must be greater than or equal to zero'));
  if (seconds > STABILIZATION_WINDOW_SECONDS_MAX) {
    errors.push(invalid(windowPath, seconds, `must be less than or equal to ${STABILIZATION_WINDOW_SECONDS_MAX}`));
  }
  if (selectPolicy !== undefined)
    errors.push(...checkSupported(selectPolicy, SELECT_POLICIES, path.child('selectPolicy')));
  if (policies.length === 0) errors.push(required(path.child('policies'), 'must specify at least one Policy'));
  return [
    ...errors,
    ...policies.flatMap((policy, index) => validatePolicy(policy, path.child('policies').index(index))),
    ...(tolerance === undefined ? [] : checkNonNegativeQuantity(tolerance, path.child('tolerance'))),
  ];
}

function validatePolicy({ type, value, periodSeconds }: HPAScalingPolicy, path: FieldPath): FieldError[] {
  const period = path.child('periodSeconds');
  const errors = checkSupported(type, POLICY_TYPES, path.child('type'));
  if (value <= 0) errors.push(invalid(path.child('value'), value, 'must be greater than zero'));
  if (periodSeconds <= 0) errors.push(invalid(period, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > PERIOD_SECONDS_MAX) {
    errors.push(invalid(period, periodSeconds, `must be less than or equal to ${PERIOD_SECONDS_MAX}`));
  }
  return errors;
}

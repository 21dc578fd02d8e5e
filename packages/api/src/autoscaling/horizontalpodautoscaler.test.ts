import { describe } from 'node:test';
import { testCreation, testStatusUpdate, testUpdate } from '../testing/rule-table.ts';
import { horizontalPodAutoscalers } from './horizontalpodautoscaler.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const autoscaler = { definition: horizontalPodAutoscalers, base: { spec: { scaleTargetRef, maxReplicas: 3 } } };
const withSpec = (spec: object): object => ({ spec });
const withMetrics = (...metrics: object[]): object => ({ spec: { metrics } });
const cpu = (target: object): object => ({ type: 'Resource', resource: { name: 'cpu', target } });
const HALF = { type: 'Utilization', averageUtilization: 50 };
const AVERAGE = { type: 'AverageValue', averageValue: '1' };
const withRules = (scaleUp: object): object => ({ spec: { behavior: { scaleUp } } });
const policy = (fields: object): object =>
  withRules({ policies: [{ type: 'Pods', value: 1, periodSeconds: 60, ...fields }] });

describe('autoscalers', () => {
  testCreation(autoscaler, [
    ['the least', {}],
    ['no kind', withSpec({ scaleTargetRef: { kind: '' } }), 'spec.scaleTargetRef.kind: Required value'],
    ['no name', withSpec({ scaleTargetRef: { name: '' } }), 'spec.scaleTargetRef.name: Required value'],
    [
      'a bad name',
      withSpec({ scaleTargetRef: { kind: 'a/b', name: '..' } }),
      `spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain '/'`,
      `spec.scaleTargetRef.name: Invalid value: "..": may not be '..'`,
    ],
    [
      'a bad version',
      withSpec({ scaleTargetRef: { apiVersion: 'a/b/c' } }),
      'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    ],
    [
      'fewer than one',
      withSpec({ minReplicas: 0 }),
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
    [
      'none at most',
      withSpec({ maxReplicas: 0 }),
      'spec.maxReplicas: Required value: must be set and greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
    [
      'at most fewer than at least',
      withSpec({ minReplicas: 4 }),
      'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
    ],
  ]);
});

describe('what is measured', () => {
  testCreation(autoscaler, [
    ['half of what is asked for', withMetrics(cpu(HALF))],
    ['an average', withMetrics(cpu(AVERAGE))],
    [
      'no target',
      withMetrics(cpu({ type: 'Utilization' })),
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      'nothing of it',
      withMetrics(cpu({ type: 'Utilization', averageUtilization: 0 })),
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    ],
    [
      'two targets',
      withMetrics(cpu({ ...HALF, averageValue: '1' })),
      'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    ],
    [
      'an unknown target',
      withMetrics(cpu({ type: 'x' })),
      'spec.metrics[0].resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      'a value of a resource',
      withMetrics(cpu({ type: 'Value', value: '1' })),
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      'no resource',
      withMetrics({ type: 'Resource', resource: { name: '', target: HALF } }),
      'spec.metrics[0].resource.name: Required value: must specify a resource name',
    ],
    [
      'no metric',
      withMetrics({ type: 'Pods' }),
      'spec.metrics[0].pods: Required value: must populate information for the given metric source',
    ],
    [
      'another metric',
      withMetrics({ type: 'Pods', resource: { name: 'cpu', target: HALF } }),
      'spec.metrics[0].pods: Required value: must populate information for the given metric source',
    ],
    [
      'an unknown kind',
      withMetrics({ type: 'x' }),
      'spec.metrics[0].type: Unsupported value: "x": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      'spec.metrics[0].type: Unsupported value: "x": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    ],
    [
      'no kind',
      withMetrics({}),
      'spec.metrics[0].type: Required value: must specify a metric source type',
      'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      'spec.metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    ],
    [
      'of a container',
      withMetrics({ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: HALF } }),
    ],
    [
      'of no container',
      withMetrics({ type: 'ContainerResource', containerResource: { name: 'cpu', container: '', target: HALF } }),
      'spec.metrics[0].containerResource.container: Required value: must specify a container',
    ],
    ['of pods', withMetrics({ type: 'Pods', pods: { metric: { name: 'm' }, target: AVERAGE } })],
    [
      'of pods without name',
      withMetrics({ type: 'Pods', pods: { metric: { name: '' }, target: AVERAGE } }),
      'spec.metrics[0].pods.metric.name: Required value: must specify a metric name',
    ],
    [
      'of pods by half',
      withMetrics({ type: 'Pods', pods: { metric: { name: 'm' }, target: HALF } }),
      'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
    ],
    [
      'of an object',
      withMetrics({
        type: 'Object',
        object: { describedObject: scaleTargetRef, metric: { name: 'm' }, target: { type: 'Value', value: '1' } },
      }),
    ],
    [
      'of an object without kind',
      withMetrics({
        type: 'Object',
        object: {
          describedObject: { kind: '', name: 'n' },
          metric: { name: 'm' },
          target: { type: 'Value', value: '1' },
        },
      }),
      'spec.metrics[0].object.describedObject.kind: Required value',
    ],
    [
      'of an object without target',
      withMetrics({
        type: 'Object',
        object: { describedObject: scaleTargetRef, metric: { name: 'm' }, target: { type: 'Value' } },
      }),
      'spec.metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
    ],
    ['of something else', withMetrics({ type: 'External', external: { metric: { name: 'm' }, target: AVERAGE } })],
    [
      'of something else with both',
      withMetrics({ type: 'External', external: { metric: { name: 'm' }, target: { ...AVERAGE, value: '1' } } }),
      'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    ],
    [
      'of something else below zero',
      withMetrics({ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '-1' } } }),
      'spec.metrics[0].external.target.value: Invalid value: "-1": must be positive',
    ],
    [
      'a bad selector',
      withMetrics({
        type: 'External',
        external: {
          metric: { name: 'm', selector: { matchExpressions: [{ key: 'a', operator: 'x' }] } },
          target: AVERAGE,
        },
      }),
    ],
  ]);
});

describe('how fast', () => {
  testCreation(autoscaler, [
    ['a policy', policy({})],
    [
      'no policies',
      withRules({ policies: [] }),
      'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
    ],
    [
      'an unknown policy',
      policy({ type: 'x' }),
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "x": supported values: "Percent", "Pods"',
    ],
    [
      'no change',
      policy({ value: 0 }),
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    ],
    [
      'no period',
      policy({ periodSeconds: 0 }),
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero',
    ],
    [
      'a long period',
      policy({ periodSeconds: 1801 }),
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
    ],
    [
      'a long window',
      withRules({ stabilizationWindowSeconds: 3601 }),
      'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
    ],
    [
      'a window below zero',
      withRules({ stabilizationWindowSeconds: -1 }),
      'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero',
    ],
    [
      'an unknown choice',
      withRules({ selectPolicy: 'x' }),
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"',
    ],
    ['a tolerance', withRules({ tolerance: '0.1' })],
    [
      'a tolerance below zero',
      withRules({ tolerance: '-1' }),
      'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ]);
});

describe('changes of autoscalers', () => {
  testUpdate(autoscaler, [
    ['more', withSpec({ maxReplicas: 4 })],
    [
      'fewer than one',
      withSpec({ minReplicas: 0 }),
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
      'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
    ],
  ]);
});

describe('status of autoscalers', () => {
  testStatusUpdate(autoscaler, [
    ['replicas', { status: { currentReplicas: 1, desiredReplicas: 1 } }],
    [
      'replicas below zero',
      { status: { currentReplicas: -1, desiredReplicas: -1 } },
      'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0',
      'status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0',
    ],
  ]);
});

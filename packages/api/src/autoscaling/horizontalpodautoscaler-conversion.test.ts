import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HorizontalPodAutoscaler, MetricSpec } from '../gen/autoscaling-v2.gen.ts';
import { autoscalerToV1, autoscalerToV2, cpuMetric } from './horizontalpodautoscaler-conversion.ts';

const web = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' };

function autoscaler(
  metrics: readonly MetricSpec[],
  rest: Partial<HorizontalPodAutoscaler> = {},
): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: '6f0d1c1e-1111-4222-8333-944455556666',
      resourceVersion: '1',
      creationTimestamp: '2026-11-21T00:00:00Z',
    },
    spec: { scaleTargetRef: web, minReplicas: 1, maxReplicas: 3, metrics },
    ...rest,
  };
}

const metric = { name: 'requests' };
const OTHER_METRICS: readonly MetricSpec[] = [
  { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '10' } } },
  { type: 'Object', object: { describedObject: web, metric, target: { type: 'Value', value: '5' } } },
  { type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '2' } } },
  { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 60 } } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'app', target: { type: 'AverageValue', averageValue: '500m' } },
  },
];

describe('autoscalers between versions', () => {
  for (const other of OTHER_METRICS) {
    it(`keeps a metric of type ${other.type} in an annotation`, () => {
      const original = autoscaler([other, cpuMetric(50)]);
      const v1 = autoscalerToV1(original);
      equal(v1.spec.targetCPUUtilizationPercentage, 50);
      deepEqual(autoscalerToV2(v1), original);
    });
  }

  it('shows a first status as each version does', () => {
    const metrics = [cpuMetric(50)];
    const status = { desiredReplicas: 0, currentMetrics: null as never };
    const v1 = autoscalerToV1(autoscaler(metrics, { status }));
    deepEqual(v1.status, { currentReplicas: 0, desiredReplicas: 0 });
    deepEqual(autoscalerToV2(v1).status, status);
  });

  it('keeps behaviour and status', () => {
    const original = autoscaler([cpuMetric(50)], {
      spec: {
        scaleTargetRef: web,
        maxReplicas: 3,
        metrics: [cpuMetric(50)],
        behavior: { scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 2,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageValue: '20m', averageUtilization: 40 } } },
        ],
        conditions: [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-11-21T00:00:00Z' }],
      },
    });
    const v1 = autoscalerToV1(original);
    equal(v1.status?.currentCPUUtilizationPercentage, 40);
    deepEqual(autoscalerToV2(v1), original);
  });

  it('writes annotations as upstream does', () => {
    deepEqual(autoscalerToV1(autoscaler(OTHER_METRICS.slice(0, 1))).metadata.annotations, {
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Pods","pods":{"metricName":"requests","targetAverageValue":"10"}}]',
    });
  });

  it('goes by CPU when nothing is said, and survives annotations that hold nothing', () => {
    const { metrics: _, ...spec } = autoscaler([]).spec;
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '{', team: 'a' };
    const v2 = autoscalerToV2({
      ...autoscaler([]),
      metadata: { ...autoscaler([]).metadata, annotations },
      spec,
      status: undefined!,
    });
    deepEqual(v2.spec.metrics, [cpuMetric(80)]);
    deepEqual(v2.metadata.annotations, { team: 'a' });
  });
});

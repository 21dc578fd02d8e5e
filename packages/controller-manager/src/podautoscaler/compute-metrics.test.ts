import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { MetricSpec } from '@kts/api/types/autoscaling-v2';

import { podOn } from '../nodes/testing/node-objects.ts';
import { combineMetrics, computeMetric, type MetricResult, type MetricsInput } from './compute-metrics.ts';
import type { MetricsClient } from './metrics-client.ts';
import { MetricError } from './replica-count.ts';

const pods = ['a', 'b'].map((name) => podOn({ name, node: 'one' }));
const input: MetricsInput = {
  namespace: 'default',
  selector: 'app=web',
  specReplicas: 2,
  statusReplicas: 2,
  metrics: [],
  scene: { pods, tolerances: { down: 0.1, up: 0.1 }, cpuInitializationMs: 0, initialReadinessDelayMs: 0, now: 0 },
};

/** Every pod uses `value` of everything. */
const using = (value: number): MetricsClient => {
  const ofPods = new Map(pods.map(({ metadata }) => [metadata.name, { value, at: 0, windowMs: 0 }]));
  return {
    resource: async () => ofPods,
    pods: async () => ofPods,
    object: async () => value,
    external: async () => [value, value],
  };
};

const fail = async (): Promise<never> =>
  Promise.reject(new MetricError('unable to fetch metrics from x metrics API: down'));
const failing: MetricsClient = { resource: fail, pods: fail, object: fail, external: fail };

const compute = (spec: MetricSpec, client: MetricsClient): Promise<MetricResult> => computeMetric(spec, input, client);

const metric = { name: 'q', selector: { matchLabels: { b: '2', a: '1' } } };
const service = { kind: 'Service', name: 's', apiVersion: 'v1' };
const specs = {
  resource: { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
  pods: { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } },
  object: {
    type: 'Object',
    object: { metric: { name: 'm' }, describedObject: service, target: { type: 'Value', value: '5' } },
  },
  objectShare: {
    type: 'Object',
    object: { metric: { name: 'm' }, describedObject: service, target: { type: 'AverageValue', averageValue: '5' } },
  },
  external: { type: 'External', external: { metric, target: { type: 'Value', value: '5' } } },
  externalShare: {
    type: 'External',
    external: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } },
  },
} as const satisfies Record<string, MetricSpec>;

describe('computeMetric', () => {
  const selector =
    '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}';
  for (const [spec, value, replicas, name, current] of [
    ['resource', 3 * 2 ** 30 * 1000, 6, 'memory resource', { averageValue: '3Gi' }],
    ['pods', 30_000, 6, 'pods metric rps', { averageValue: '30' }],
    ['objectShare', 30_000, 6, 'external metric m(nil)', { averageValue: '15' }],
    ['externalShare', 30_000, 12, 'external metric q(nil)', { averageValue: '30' }],
    ['external', 2500, 2, `external metric q(${selector})`, { value: '5' }],
    ['object', 5000, 2, 'Service metric m', { value: '5' }],
  ] as const) {
    it(`counts by ${spec}`, async () => {
      const result = await compute(specs[spec], using(value));
      assert.ok('status' in result);
      assert.deepEqual([result.replicas, result.name], [replicas, name]);
      const { resource, pods: ofPods, object, external } = result.status;
      assert.deepEqual((resource ?? ofPods ?? object ?? external)?.current, current);
    });
  }

  const down = 'unable to fetch metrics from x metrics API: down';
  for (const [spec, problem, reason, told] of [
    [
      'resource',
      `failed to get memory resource metric value: failed to get memory usage: unable to get metrics for resource memory: ${down}`,
      'FailedGetResourceMetric',
      `failed to get memory usage: unable to get metrics for resource memory: ${down}`,
    ],
    [
      'pods',
      `failed to get pods metric value: unable to get metric rps: ${down}`,
      'FailedGetPodsMetric',
      `unable to get metric rps: ${down}`,
    ],
    [
      'object',
      `failed to get object metric value: unable to get metric m: Service on default s/${down}`,
      'FailedGetObjectMetric',
      `unable to get metric m: Service on default s/${down}`,
    ],
    [
      'objectShare',
      `failed to get object metric value: failed to get m object metric: unable to get metric m: Service on default s/${down}`,
      'FailedGetObjectMetric',
      `unable to get metric m: Service on default s/${down}`,
    ],
    [
      'externalShare',
      `failed to get q external metric value: failed to get q external metric: unable to get external metric default/q/nil: ${down}`,
      'FailedGetExternalMetric',
      `unable to get external metric default/q/nil: ${down}`,
    ],
  ] as const) {
    it(`says what is wrong with ${spec}`, async () => {
      const result = await compute(specs[spec], failing);
      assert.ok('problem' in result);
      assert.equal(result.problem, problem);
      assert.deepEqual(result.event, { reason, message: told });
    });
  }
});

describe('combineMetrics', () => {
  const good = (replicas: number): MetricResult => ({ replicas, name: `m${replicas}`, status: { type: 'Pods' } });
  const bad: MetricResult = { problem: 'p', event: { reason: 'R', message: 'e' } };
  for (const [name, results, expected] of [
    ['the most', [good(3), good(5), good(4)], '5 m5 True ValidMetricFound'],
    [
      'one is missing, up',
      [bad, good(5)],
      '5 m5 True ValidMetricFound; invalid metrics (1 invalid out of 2), first error is: p',
    ],
    ['one is missing, down', [bad, good(1)], 'none False R; invalid metrics (1 invalid out of 2), first error is: p'],
    ['all are missing', [bad, bad], 'none False R; invalid metrics (2 invalid out of 2), first error is: p'],
  ] as const) {
    it(name, () => {
      const { wish, condition, problem, statuses } = combineMetrics(results, 2);
      const said = [wish ? `${wish.replicas} ${wish.metric}` : 'none', condition.status, condition.reason].join(' ');
      assert.equal(problem ? `${said}; ${problem}` : said, expected);
      assert.equal(statuses?.length, results.length);
    });
  }
});

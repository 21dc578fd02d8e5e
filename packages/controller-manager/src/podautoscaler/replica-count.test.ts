import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Pod } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';

import {
  countByShare,
  countByUsage,
  countByUtilization,
  countByWhole,
  MetricError,
  type PodMetrics,
  type Scene,
} from './replica-count.ts';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

interface PodFields {
  readonly phase?: 'Pending' | 'Running' | 'Failed' | 'Succeeded';
  readonly ready?: boolean;
  /** Minutes ago. */
  readonly started?: number;
  readonly readyChanged?: number;
  readonly deleted?: boolean;
  readonly request?: string;
  readonly own?: string;
  readonly sidecar?: string;
}

let serial = 0;
function pod(fields: PodFields = {}): Pod {
  const {
    phase = 'Running',
    ready = true,
    started = 60,
    readyChanged = 60,
    deleted,
    request = '1',
    own,
    sidecar,
  } = fields;
  const requests = (cpu: string) => (cpu === '' ? {} : { resources: { requests: { cpu } } });
  return {
    metadata: {
      name: `p${serial++}`,
      namespace: 'default',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW),
      ...(deleted ? { deletionTimestamp: formatTime(NOW) } : {}),
    },
    spec: {
      containers: [{ name: 'main', ...requests(request) }],
      ...(sidecar === undefined
        ? {}
        : { initContainers: [{ name: 'side', restartPolicy: 'Always', ...requests(sidecar) }] }),
      ...(own === undefined ? {} : { resources: { requests: { cpu: own } } }),
    },
    status: {
      phase,
      startTime: formatTime(NOW - started * MINUTE),
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          lastTransitionTime: formatTime(NOW - readyChanged * MINUTE),
        },
      ],
    },
  };
}

const sceneOf = (pods: readonly Pod[]): Scene => ({
  pods,
  tolerances: { down: 0.1, up: 0.1 },
  cpuInitializationMs: 5 * MINUTE,
  initialReadinessDelayMs: 30_000,
  now: NOW,
});

/** A value in thousandths for each pod; `undefined`: it has none. */
const metricsOf = (pods: readonly Pod[], values: readonly (number | undefined)[], ago = 0): PodMetrics =>
  new Map(
    pods.flatMap(({ metadata }, index) => {
      const value = values[index];
      return value === undefined ? [] : [[metadata.name, { value, at: NOW - ago, windowMs: 60_000 }] as const];
    }),
  );

const many = (count: number, fields: PodFields = {}): readonly Pod[] =>
  Array.from({ length: count }, () => pod(fields));

describe('countByUtilization', () => {
  const count = (
    pods: readonly Pod[],
    values: readonly (number | undefined)[],
    target = 50,
    container = '',
  ): string => {
    const { replicas, utilization, usage } = countByUtilization(
      sceneOf(pods),
      metricsOf(pods, values),
      pods.length,
      target,
      'cpu',
      container,
    );
    return `${replicas} at ${utilization}%, ${usage}m`;
  };
  for (const [name, actual, expected] of [
    ['on target', count(many(3), [500, 500, 500]), '3 at 50%, 500m'],
    ['within tolerance', count(many(3), [540, 540, 540]), '3 at 54%, 540m'],
    ['above', count(many(3), [900, 900, 900]), '6 at 90%, 900m'],
    ['below', count(many(4), [100, 100, 100, 100]), '1 at 10%, 100m'],
    ['rounded up', count(many(3), [600, 600, 600]), '4 at 60%, 600m'],
    ['a missing one counts as idle on the way up', count(many(2), [1000, undefined]), '2 at 100%, 1000m'],
    ['a missing one counts as busy on the way down', count(many(4), [100, 100, 100, undefined]), '3 at 10%, 100m'],
    [
      'a pending one counts as idle on the way up',
      count([...many(2), pod({ phase: 'Pending' })], [1000, 1000]),
      '4 at 100%, 1000m',
    ],
    [
      'a pending one does not count on the way down',
      count([...many(2), pod({ phase: 'Pending' })], [250, 250]),
      '1 at 25%, 250m',
    ],
    [
      'failed and deleted ones do not count',
      count([...many(2), pod({ phase: 'Failed' }), pod({ deleted: true })], [900, 900, 0, 0]),
      '4 at 90%, 900m',
    ],
    [
      'one that starts up and is not ready is left out',
      count([...many(2), pod({ ready: false, started: 1, readyChanged: 1 })], [250, 250, 9000]),
      '1 at 25%, 250m',
    ],
    [
      'one that was ready once is counted',
      count([...many(1), pod({ ready: false, started: 60, readyChanged: 10 })], [900, 900]),
      '4 at 90%, 900m',
    ],
    ['sidecars add to the request', count(many(2, { sidecar: '1' }), [2000, 2000]), '4 at 100%, 2000m'],
    ['the whole pod comes first', count(many(2, { own: '2' }), [2000, 2000]), '4 at 100%, 2000m'],
    ['one container alone', count(many(2, { own: '9', sidecar: '4' }), [1000, 1000], 50, 'main'), '4 at 100%, 1000m'],
  ] as const) {
    it(name, () => assert.equal(actual, expected));
  }

  for (const [name, pods, values, message, container = ''] of [
    ['no pods', [], [], 'no pods returned by selector while calculating replica count'],
    ['no values', many(2), [], 'did not receive metrics for targeted pods (pods might be unready)'],
    ['no request', [pod({ request: '' })], [1], /missing request for cpu in container main of Pod p\d+/],
    ['no such container', [pod()], [1], /container nope not found in Pod p\d+/, 'nope'],
    ['requests of nothing', [pod({ request: '0' })], [1], 'no metrics returned matched known pods'],
  ] as readonly (readonly [string, readonly Pod[], readonly number[], string | RegExp, string?])[]) {
    it(`refuses ${name}`, () => {
      const call = (): unknown => countByUtilization(sceneOf(pods), metricsOf(pods, values), 1, 50, 'cpu', container);
      assert.throws(
        call,
        (error) =>
          (error instanceof MetricError && new RegExp(message).test(error.message)) ||
          (error as Error).message === message,
      );
    });
  }

  it('ignores what was measured before the pod was ready for a while', () => {
    const pods = [...many(1), pod({ started: 1, readyChanged: 1 })];
    const metrics = new Map(
      [...metricsOf(pods, [250, 9000])].map(([name, each]) => [name, { ...each, at: NOW - 30_000 }]),
    );
    assert.equal(countByUtilization(sceneOf(pods), metrics, 2, 50, 'cpu', '').replicas, 1);
  });
});

describe('countByUsage', () => {
  const count = (pods: readonly Pod[], values: readonly (number | undefined)[], target = 1000): string => {
    const { replicas, usage } = countByUsage(sceneOf(pods), metricsOf(pods, values), pods.length, target, '');
    return `${replicas} at ${usage}`;
  };
  for (const [name, actual, expected] of [
    ['on target', count(many(2), [1000, 1000]), '2 at 1000'],
    ['above', count(many(2), [2000, 3000]), '5 at 2500'],
    ['below', count(many(4), [250, 250, 250, 250]), '1 at 250'],
    ['a missing one counts as on target on the way down', count(many(2), [100, undefined]), '2 at 100'],
    ['a missing one counts as idle on the way up', count(many(2), [4000, undefined]), '4 at 4000'],
    ['the direction does not turn', count(many(3), [1500, undefined, undefined]), '3 at 1500'],
    ['readiness does not matter', count([pod({ ready: false, started: 1 })], [3000]), '3 at 3000'],
  ] as const) {
    it(name, () => assert.equal(actual, expected));
  }
});

describe('countByWhole', () => {
  const scene = sceneOf([...many(2), pod({ ready: false })]);
  for (const [name, current, usage, target, expected] of [
    ['on target', 3, 1000, 1000, 3],
    ['above, by the ready pods', 3, 3000, 1000, 6],
    ['below', 3, 200, 1000, 1],
    ['from zero', 0, 2500, 1000, 3],
    ['to zero', 3, 0, 1000, 0],
    ['huge', 3, 1e15, 1, 2 ** 31 - 1],
  ] as const) {
    it(name, () => assert.equal(countByWhole(scene, current, usage, target).replicas, expected));
  }
  it('refuses to scale what has no pods', () =>
    assert.throws(() => countByWhole(sceneOf([]), 3, 9000, 1000), /unable to calculate ready pods: no pods returned/));
});

describe('countByShare', () => {
  for (const [replicas, usage, target, expected] of [
    [2, 2000, 1000, { replicas: 2, usage: 1000 }],
    [2, 2100, 1000, { replicas: 2, usage: 1050 }],
    [2, 5000, 1000, { replicas: 5, usage: 2500 }],
    [3, 1000, 1000, { replicas: 1, usage: 334 }],
  ] as const) {
    it(`${usage} of ${replicas} for ${target}`, () =>
      assert.deepEqual(countByShare(sceneOf([]), replicas, usage, target), expected));
  }
});

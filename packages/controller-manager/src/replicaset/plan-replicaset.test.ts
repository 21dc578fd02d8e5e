import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ReplicaSet, ReplicaSetSpec } from '@kts/api/types/apps-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { formatTime } from '@kts/base';
import fc from 'fast-check';

import {
  BURST_REPLICAS,
  computeStatus,
  isStatusCurrent,
  nextLookMs,
  planReplicas,
  type Observed,
} from './plan-replicaset.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;

interface PodFields {
  readonly name: string;
  readonly node?: string;
  readonly phase?: NonNullable<Pod['status']>['phase'];
  /** Milliseconds ago. */
  readonly readyFor?: number;
  readonly age?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly labels?: Record<string, string>;
}

function pod(fields: PodFields): Pod {
  const {
    name,
    node,
    phase = 'Running',
    readyFor,
    age = MINUTE_MS,
    cost,
    restarts = 0,
    labels = { app: 'web' },
  } = fields;
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW - age),
      labels,
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [{ name: 'main' }], ...(node ? { nodeName: node } : {}) },
    status: {
      ...(phase ? { phase } : {}),
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: true, restartCount: restarts }],
      ...(readyFor === undefined
        ? {}
        : { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(NOW - readyFor) }] }),
    },
  };
}

function replicaSet(spec: Partial<ReplicaSetSpec> = {}, rest: Partial<ReplicaSet> = {}): ReplicaSet {
  return {
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'uid-web',
      resourceVersion: '1',
      creationTimestamp: formatTime(NOW),
      generation: 3,
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } } },
      ...spec,
    },
    ...rest,
  };
}

function observed(fields: Partial<Observed>): Observed {
  const activePods = fields.activePods ?? [];
  return {
    replicaSet: replicaSet(),
    activePods,
    terminatingPods: [],
    relatedPods: activePods,
    isSettled: true,
    now: NOW,
    ...fields,
  };
}

const pods = (count: number): readonly Pod[] =>
  Array.from({ length: count }, (_, index) => pod({ name: `pod-${index}` }));

describe('planReplicas', () => {
  const rows: [name: string, observed: Partial<Observed>, expected: object][] = [
    ['too few', { activePods: pods(1) }, { do: 'create', count: 2 }],
    ['just right', { activePods: pods(3) }, { do: 'nothing' }],
    ['one without a number', { replicaSet: replicaSet({ replicas: undefined as never }) }, { do: 'create', count: 1 }],
    ['no more than a burst', { replicaSet: replicaSet({ replicas: 2000 }) }, { do: 'create', count: BURST_REPLICAS }],
    ['caches lag behind', { isSettled: false }, { do: 'nothing' }],
    [
      'being deleted',
      { replicaSet: replicaSet({}, { metadata: { ...replicaSet().metadata, deletionTimestamp: formatTime(NOW) } }) },
      { do: 'nothing' },
    ],
  ];
  for (const [name, fields, expected] of rows) {
    it(name, () => assert.deepEqual(planReplicas(observed(fields)), expected));
  }

  const first: [name: string, goes: PodFields, stays: PodFields][] = [
    ['unassigned before assigned', { name: 'z' }, { name: 'a', node: 'n1', phase: 'Pending' }],
    ['pending before running', { name: 'z', node: 'n1', phase: 'Pending' }, { name: 'a', node: 'n1' }],
    ['not ready before ready', { name: 'z', node: 'n1' }, { name: 'a', node: 'n1', readyFor: 1000 }],
    [
      'low deletion cost before high',
      { name: 'z', node: 'n1', readyFor: 1000, cost: '-5' },
      { name: 'a', node: 'n1', readyFor: 1000 },
    ],
    [
      'a cost that is no number counts as 0',
      { name: 'z', node: 'n1', readyFor: 1000, cost: '1e3' },
      { name: 'a', node: 'n1', readyFor: 1000, cost: '1' },
    ],
    [
      'ready for less time before longer',
      { name: 'z', node: 'n1', readyFor: 1000 },
      { name: 'a', node: 'n1', readyFor: 60 * MINUTE_MS },
    ],
    [
      'more restarts before fewer',
      { name: 'z', node: 'n1', readyFor: 1000, restarts: 4 },
      { name: 'a', node: 'n1', readyFor: 1000 },
    ],
    ['younger before older', { name: 'z', node: 'n1', age: 1000 }, { name: 'a', node: 'n1', age: 60 * MINUTE_MS }],
  ];
  for (const [name, goes, stays] of first) {
    it(`deletes ${name}`, () => {
      const activePods = [pod(stays), pod(goes)];
      const plan = planReplicas(observed({ replicaSet: replicaSet({ replicas: 1 }), activePods }));
      assert.deepEqual(plan.do === 'delete' && plan.pods.map((each) => each.metadata.name), [goes.name]);
    });
  }

  it('of equal pods the one that shares its node with more of the family goes first', () => {
    const activePods = [pod({ name: 'a', node: 'n1' }), pod({ name: 'z', node: 'n2' })];
    const relatedPods = [...activePods, pod({ name: 'other', node: 'n2' })];
    const plan = planReplicas(observed({ replicaSet: replicaSet({ replicas: 1 }), activePods, relatedPods }));
    assert.deepEqual(plan.do === 'delete' && plan.pods.map((each) => each.metadata.name), ['z']);
  });

  it('repeating the plan reaches the wanted number and stays there', () => {
    fc.assert(
      fc.property(fc.nat(1200), fc.nat(1200), (start, replicas) => {
        let active = pods(start);
        const look = (): ReturnType<typeof planReplicas> =>
          planReplicas(observed({ replicaSet: replicaSet({ replicas }), activePods: active }));
        for (let rounds = 0; rounds < 4; rounds++) {
          const plan = look();
          if (plan.do === 'create') active = pods(active.length + plan.count);
          else if (plan.do === 'delete') active = active.filter((each) => !plan.pods.includes(each));
        }
        assert.equal(active.length, replicas);
        assert.equal(look().do, 'nothing');
      }),
      { numRuns: 30 },
    );
  });
});

describe('computeStatus', () => {
  it('counts replicas, and those that are fully labelled, ready and available', () => {
    const status = computeStatus(
      observed({
        replicaSet: replicaSet({ minReadySeconds: 30, template: { metadata: { labels: { app: 'web', tier: 'a' } } } }),
        activePods: [
          pod({ name: 'a', readyFor: MINUTE_MS, labels: { app: 'web', tier: 'a' } }),
          pod({ name: 'b', readyFor: 1000 }),
          pod({ name: 'c' }),
        ],
        terminatingPods: pods(1),
      }),
      undefined,
    );
    assert.deepEqual(status, {
      replicas: 3,
      fullyLabeledReplicas: 1,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 3,
    });
  });

  it('a failure becomes a condition, stays as it was first seen, and goes when all is well', () => {
    const failed = computeStatus(observed({}), 'quota exceeded');
    assert.deepEqual(failed.conditions, [
      {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: formatTime(NOW),
        reason: 'FailedCreate',
        message: 'quota exceeded',
      },
    ]);
    const withFailure = replicaSet({}, { status: failed });
    const later = observed({ replicaSet: withFailure, now: NOW + MINUTE_MS });
    assert.deepEqual(computeStatus(later, 'another reason').conditions, failed.conditions);
    assert.equal(computeStatus(later, undefined).conditions, undefined);
  });

  it('knows when there is nothing to write: zero and absent are the same', () => {
    const status = computeStatus(observed({}), undefined);
    assert.equal(isStatusCurrent(replicaSet({}, { status }), status), true);
    const stored = { replicas: 0, terminatingReplicas: 0, observedGeneration: 3 };
    assert.equal(isStatusCurrent(replicaSet({}, { status: stored }), status), true);
    assert.equal(isStatusCurrent(replicaSet(), status), false);
  });
});

describe('nextLookMs', () => {
  it('is when the next pod becomes available', () => {
    const fields = observed({
      replicaSet: replicaSet({ minReadySeconds: 30 }),
      activePods: [pod({ name: 'a', readyFor: 10_000 }), pod({ name: 'b', readyFor: 25_000 })],
    });
    assert.equal(nextLookMs(fields, computeStatus(fields, undefined)), 5_000);
  });

  it('is never without minReadySeconds', () => {
    const fields = observed({ activePods: [pod({ name: 'a', readyFor: 1000 })] });
    assert.equal(nextLookMs(fields, computeStatus(fields, undefined)), undefined);
  });
});

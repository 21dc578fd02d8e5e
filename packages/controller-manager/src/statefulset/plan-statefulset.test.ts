import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { StatefulSetSpec, StatefulSetStatus } from '@kts/api/types/apps-v1';
import fc from 'fast-check';

import { computeStatus, isStatusCurrent, nextLookMs, planPods, type PodsPlan } from './plan-statefulset.ts';
import { ordinalOf, revisionOf } from './stateful-pod.ts';
import { NOW, observed, REVISIONS, statefulPod, statefulSet, type PodState } from './testing/stateful-objects.ts';

/** Steps of one phase are joined by `+`; what is rolled stands last. */
function summary({ phases, outdated }: PodsPlan): string {
  const texts = phases.map((steps) => steps.map((step) => `${step.do} ${ordinalOf(step.pod)}`).join(' + '));
  return [...texts, ...(outdated ? [`roll ${ordinalOf(outdated)}`] : [])].join(', ');
}

/** One letter a pod from number 0 on; a blank where there is none; those in `old` are of the old revision. */
const podsOf = (states: string, old: readonly number[] = []) =>
  states
    .split('')
    .flatMap((state, ordinal) =>
      state === ' ' ? [] : [statefulPod(ordinal, state as PodState, old.includes(ordinal) ? 'old' : 'new')],
    );

interface Row {
  readonly name: string;
  readonly spec?: Partial<StatefulSetSpec>;
  readonly status?: Partial<StatefulSetStatus>;
  readonly pods: string;
  readonly old?: readonly number[];
  readonly plan: string;
}

const parallel = { podManagementPolicy: 'Parallel' } as const;
const partition = (at: number): Partial<StatefulSetSpec> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: at } },
});

const rows: readonly Row[] = [
  { name: 'starts with the first', pods: '', plan: 'create 0' },
  { name: 'waits until it is ready', pods: '-', plan: '' },
  { name: 'then goes on', pods: '+', plan: 'create 1' },
  { name: 'fills gaps first', pods: '+ +', plan: 'create 1' },
  { name: 'starts all at once', spec: parallel, pods: '', plan: 'create 0 + create 1 + create 2' },
  { name: 'replaces a failed one', pods: '+x+', plan: 'delete 1' },
  { name: 'waits for one to go', pods: '+~+', plan: '' },
  { name: 'takes away the last', spec: { replicas: 1 }, pods: '+++', plan: 'delete 2' },
  { name: 'takes away the last only once those below it are well', spec: { replicas: 1 }, pods: '+--', plan: '' },
  { name: 'takes away the first that is not well', spec: { replicas: 1 }, pods: '++-', plan: 'delete 2' },
  { name: 'takes them away at once', spec: { ...parallel, replicas: 1 }, pods: '+-+', plan: 'delete 2 + delete 1' },
  { name: 'waits for one that goes', spec: { replicas: 1 }, pods: '++~', plan: '' },
  { name: 'rolls from the last', pods: '+++', old: [0, 1, 2], plan: 'roll 2' },
  { name: 'rolls on when that is ready', pods: '+++', old: [0, 1], plan: 'roll 1' },
  { name: 'does not roll before', spec: parallel, pods: '++-', old: [0, 1], plan: '' },
  { name: 'rolls down to the partition', spec: partition(2), pods: '+++', old: [0, 1], plan: '' },
  {
    name: 'leaves rolling to others',
    spec: { updateStrategy: { type: 'OnDelete' } },
    pods: '+++',
    old: [0, 1, 2],
    plan: '',
  },
  { name: 'counts from elsewhere', spec: { replicas: 2, ordinals: { start: 1 } }, pods: '+', plan: 'create 1' },
  { name: 'takes away what is below', spec: { replicas: 1, ordinals: { start: 1 } }, pods: '++', plan: 'delete 0' },
];

describe('planPods', () => {
  for (const { name, spec = {}, status, pods, old, plan } of rows) {
    it(`${name}: ${plan || 'nothing'}`, () => {
      const seen = observed({ set: statefulSet(spec, status), pods: podsOf(pods, old) });
      assert.equal(summary(planPods(seen, REVISIONS)), plan);
    });
  }

  it('creates pods below the partition as they were', () => {
    const set = statefulSet({ ...parallel, ...partition(1), replicas: 2 });
    const [steps] = planPods(observed({ set }), REVISIONS).phases;
    assert.deepEqual(
      steps?.map(({ pod }) => [revisionOf(pod), pod.spec.containers[0]?.image]),
      [
        ['old', 'db:1'],
        ['new', 'db:2'],
      ],
    );
  });

  it('gives a pod its name back', () => {
    const pod = statefulPod(0, '+');
    const stray = { ...pod, metadata: { ...pod.metadata, labels: {} } };
    const seen = observed({ set: statefulSet({ replicas: 1 }), pods: [stray] });
    assert.equal(summary(planPods(seen, REVISIONS)), 'repair 0, roll 0');
  });

  it('in order, does one thing at a time, and never breaks what others wait for', () => {
    const state = fc.constantFrom('+', '-', '.', 'x', '~', ' ');
    fc.assert(
      fc.property(fc.array(state, { maxLength: 6 }), fc.integer({ min: 0, max: 4 }), (states, replicas) => {
        const seen = observed({ set: statefulSet({ replicas }), pods: podsOf(states.join('')) });
        const { phases, outdated } = planPods(seen, REVISIONS);
        const done = phases.flat().filter((step) => step.do === 'create' || step.do === 'delete');
        assert.ok(done.length + (outdated ? 1 : 0) <= 1);
        const created = done.find((step) => step.do === 'create');
        const below = states.slice(0, created ? ordinalOf(created.pod) : 0);
        assert.ok(below.every((each) => each === '+'));
      }),
    );
  });
});

describe('computeStatus', () => {
  it('counts', () => {
    const seen = observed({ pods: podsOf('+-~', [0]) });
    assert.deepEqual(computeStatus(seen, REVISIONS, false), {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 1,
      updatedReplicas: 1,
      currentRevision: 'old',
      updateRevision: 'new',
      collisionCount: 0,
    });
  });

  it('makes the new revision the current one once all pods have it', () => {
    const status = computeStatus(observed({ pods: podsOf('+++') }), REVISIONS, false);
    assert.deepEqual([status.currentRevision, status.currentReplicas], ['new', 3]);
    assert.equal(isStatusCurrent(statefulSet({}, status), status), true);
    assert.equal(isStatusCurrent(statefulSet({}, { ...status, readyReplicas: 2 }), status), false);
  });

  it('looks again when a pod becomes available', () => {
    const set = statefulSet({ replicas: 1, minReadySeconds: 30 });
    const seen = observed({ set, pods: [statefulPod(0, '+', 'new', 10_000)], now: NOW });
    const status = computeStatus(seen, REVISIONS, false);
    assert.equal(status.availableReplicas, 0);
    assert.equal(nextLookMs(seen, status), 20_000);
  });
});

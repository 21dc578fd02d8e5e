import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Deployment, DeploymentSpec, ReplicaSet } from '@kts/api/types/apps-v1';
import { formatTime } from '@kts/base';
import fc from 'fast-check';

import { planDeployment, type Observed, type Step } from './plan-deployment.ts';
import { maxSurge, maxUnavailable, specReplicas } from './rollout-limits.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

const meta = (name: string, ageMs = 0): Deployment['metadata'] => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '1',
  creationTimestamp: formatTime(NOW - ageMs),
  generation: 1,
});

const template = (image: string): Deployment['spec']['template'] => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image }] },
});

function deployment(spec: Partial<DeploymentSpec> = {}, rest: Partial<Deployment> = {}): Deployment {
  return {
    metadata: { ...meta('web'), annotations: { 'deployment.kubernetes.io/revision': '2' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template('new'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      ...spec,
    },
    ...rest,
  };
}

function replicaSet(image: string, replicas: number, available = replicas, wanted = 3): ReplicaSet {
  const annotations = {
    'deployment.kubernetes.io/revision': image === 'new' ? '2' : '1',
    'deployment.kubernetes.io/desired-replicas': String(wanted),
    'deployment.kubernetes.io/max-replicas': String(wanted + 1),
  };
  return {
    metadata: { ...meta(image, image === 'new' ? 0 : 60_000), annotations },
    spec: { replicas, selector: {}, template: template(image) },
    status: { replicas, availableReplicas: available, readyReplicas: available, observedGeneration: 1 },
  };
}

function steps(fields: Partial<Observed>): readonly string[] {
  const observed: Observed = { deployment: deployment(), replicaSets: [], pods: new Map(), now: NOW, ...fields };
  return planDeployment(observed).steps.map(text);
}

function text(step: Step): string {
  switch (step.do) {
    case 'scale':
      return `${step.replicaSet.metadata.name} ${step.from}->${step.to}`;
    case 'deleteReplicaSet':
    case 'updateReplicaSet':
      return `${step.do} ${step.replicaSet.metadata.name}`;
    case 'createReplicaSet':
      return `create ${step.replicaSet.spec.replicas}`;
    case 'event':
      return step.event.reason;
    case 'updateDeployment':
    case 'updateStatus':
      return step.do;
  }
}

describe('planDeployment', () => {
  const rows: [name: string, observed: Partial<Observed>, expected: readonly string[]][] = [
    ['creates the first ReplicaSet at full size', {}, ['create 3']],
    ['creates the next one as large as the surge', { replicaSets: [replicaSet('old', 3)] }, ['create 1']],
    ['waits for the new pod', { replicaSets: [replicaSet('old', 3), replicaSet('new', 1, 0)] }, ['updateStatus']],
    [
      'scales down when the new pod is available',
      { replicaSets: [replicaSet('old', 3), replicaSet('new', 1)] },
      ['old 3->2', 'updateStatus'],
    ],
    [
      'scales down broken old pods first',
      { replicaSets: [replicaSet('old', 3, 1), replicaSet('new', 1)] },
      ['old 3->2', 'updateStatus'],
    ],
    [
      'scales what there is when paused',
      { deployment: deployment({ paused: true, replicas: 5 }), replicaSets: [replicaSet('new', 3)] },
      ['new 3->5', 'updateStatus'],
    ],
    [
      'keeps proportions when scaled in a rollout',
      {
        deployment: deployment({ replicas: 10 }),
        replicaSets: [replicaSet('old', 3), replicaSet('new', 1, 0)],
      },
      ['old 3->8', 'new 1->3', 'updateStatus'],
    ],
    [
      'with Recreate goes down first',
      {
        deployment: deployment({ strategy: { type: 'Recreate' } }),
        replicaSets: [replicaSet('old', 3)],
      },
      ['old 3->0', 'updateStatus'],
    ],
    [
      'with Recreate goes up when nothing is left',
      {
        deployment: deployment({ strategy: { type: 'Recreate' } }),
        replicaSets: [replicaSet('old', 0)],
      },
      ['create 3'],
    ],
    ['refuses to select everything', { deployment: deployment({ selector: {} }) }, ['SelectingAll', 'updateStatus']],
    [
      'tells that it is paused',
      { deployment: deployment({ paused: true, progressDeadlineSeconds: 600 }) },
      ['updateStatus'],
    ],
    [
      'goes back to a revision',
      {
        deployment: deployment(
          {},
          {
            metadata: {
              ...meta('web'),
              annotations: { 'deployment.kubernetes.io/revision': '2', 'deprecated.deployment.rollback.to': '1' },
            },
          },
        ),
        replicaSets: [replicaSet('old', 0), replicaSet('new', 3)],
      },
      ['updateDeployment'],
    ],
    [
      'does not go back to a revision that is not there',
      {
        deployment: deployment(
          {},
          {
            metadata: {
              ...meta('web'),
              annotations: { 'deployment.kubernetes.io/revision': '2', 'deprecated.deployment.rollback.to': '9' },
            },
          },
        ),
        replicaSets: [replicaSet('new', 3)],
      },
      ['DeploymentRollbackRevisionNotFound', 'updateDeployment'],
    ],
  ];
  for (const [name, observed, expected] of rows) it(name, () => assert.deepEqual(steps(observed), expected));

  it('deletes old ReplicaSets beyond the history once it is complete', () => {
    const status = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3 };
    const observed = {
      deployment: deployment({ revisionHistoryLimit: 0 }, { status }),
      replicaSets: [replicaSet('old', 0), replicaSet('new', 3)],
    };
    assert.ok(steps(observed).includes('deleteReplicaSet old'));
  });
});

/** Repeats planning and doing, with pods that become available by and by, until nothing is left to do. */
function simulate(start: Deployment, old: number, becomeAvailable: () => number): readonly (readonly ReplicaSet[])[] {
  let current = start;
  let replicaSets: readonly ReplicaSet[] = old > 0 ? [replicaSet('old', old, old, start.spec.replicas)] : [];
  const history: (readonly ReplicaSet[])[] = [];
  for (let round = 0; round < 300; round++) {
    const plan = planDeployment({ deployment: current, replicaSets, pods: new Map(), now: NOW });
    for (const step of plan.steps) {
      if (step.do === 'updateStatus') current = step.deployment;
      else if (step.do === 'createReplicaSet') {
        replicaSets = [...replicaSets, { ...replicaSet('new', 0), spec: step.replicaSet.spec } as ReplicaSet];
      } else if (step.do === 'scale') {
        const { uid } = step.replicaSet.metadata;
        replicaSets = replicaSets.map((each) => (each.metadata.uid === uid ? step.replicaSet : each));
      }
    }
    history.push(replicaSets);
    replicaSets = replicaSets.map((each) => {
      const replicas = each.spec.replicas ?? 0;
      const before = Math.min(each.status?.availableReplicas ?? 0, replicas);
      const availableReplicas = Math.min(replicas, before + becomeAvailable());
      return { ...each, status: { ...each.status, replicas, availableReplicas, readyReplicas: availableReplicas } };
    });
  }
  return history;
}

describe('a rolling update', () => {
  const limits = fc.record({
    replicas: fc.integer({ min: 1, max: 20 }),
    surge: fc.integer({ min: 0, max: 5 }),
    unavailable: fc.integer({ min: 0, max: 5 }),
    pace: fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
  });

  it('never exceeds its limits, and comes to its end', () => {
    fc.assert(
      fc.property(limits, ({ replicas, surge, unavailable, pace }) => {
        const strategy = {
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
        } as const;
        const subject = deployment({ replicas, strategy });
        const history = simulate(subject, replicas, () => pace.next().value ?? 1);
        for (const replicaSets of history) {
          assert.ok(specReplicas(replicaSets) <= replicas + maxSurge(subject));
          const available = replicaSets.reduce(
            (sum, { spec, status }) => sum + Math.min(spec.replicas ?? 0, status?.availableReplicas ?? 0),
            0,
          );
          assert.ok(available >= replicas - maxUnavailable(subject));
        }
        const sizes = history.at(-1)!.map(({ metadata, spec }) => [metadata.name, spec.replicas]);
        assert.deepEqual(sizes, [
          ['old', 0],
          ['new', replicas],
        ]);
      }),
      { numRuns: 50 },
    );
  });
});

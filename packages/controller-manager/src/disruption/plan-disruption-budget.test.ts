import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Pod } from '@kts/api/types/core-v1';
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from '@kts/api/types/policy-v1';
import { formatTime } from '@kts/base';

import { NOW, podOn } from '../nodes/testing/node-objects.ts';
import { staleDisruptionMs } from './disruption-controller.ts';
import { failedStatus, goSelectorText, planBudget } from './plan-disruption-budget.ts';

function pod(name: string, isReady: boolean, isDeleted = false): Pod {
  const base = podOn({ name, isDeleted });
  return { ...base, status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] } };
}

function budget(
  spec: PodDisruptionBudgetSpec,
  disruptedPods: Readonly<Record<string, string>> = {},
): PodDisruptionBudget {
  const { metadata } = podOn({ name: 'budget' });
  const status = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0, disruptedPods };
  return { metadata: { ...metadata, generation: 2 }, spec, status };
}

interface Row {
  readonly spec: PodDisruptionBudgetSpec;
  /** `+` ready, `-` not, `~` ready and on its way out. */
  readonly pods: string;
  readonly scale?: number;
  /** healthy/desired of expected: allowed */
  readonly outcome: string;
}

const rows: readonly Row[] = [
  { spec: { minAvailable: 2 }, pods: '+++', outcome: '3/2 of 3: 1' },
  { spec: { minAvailable: 2 }, pods: '++-', outcome: '2/2 of 3: 0' },
  { spec: { minAvailable: 2 }, pods: '', outcome: '0/2 of 0: 0' },
  { spec: { minAvailable: 0 }, pods: '++~', outcome: '2/0 of 3: 2' },
  { spec: { minAvailable: '50%' }, pods: '+++', scale: 5, outcome: '3/3 of 5: 0' },
  { spec: { maxUnavailable: 1 }, pods: '+++', scale: 3, outcome: '3/2 of 3: 1' },
  { spec: { maxUnavailable: '30%' }, pods: '+++', scale: 3, outcome: '3/2 of 3: 1' },
  { spec: { maxUnavailable: 5 }, pods: '+', scale: 3, outcome: '1/0 of 3: 1' },
];

describe('planBudget', () => {
  for (const { spec, pods, scale = 0, outcome } of rows) {
    it(`${JSON.stringify(spec)} with '${pods}': ${outcome}`, () => {
      const all = pods.split('').map((state, index) => pod(`pod-${index}`, state !== '-', state === '~'));
      const seen = { budget: budget(spec), pods: all, now: NOW };
      const { status } = planBudget(seen, { count: scale, hasUnmanaged: false });
      const counts = `${status.currentHealthy}/${status.desiredHealthy} of ${status.expectedPods}`;
      assert.equal(`${counts}: ${status.disruptionsAllowed}`, outcome);
      assert.equal(status.conditions?.[0]?.status, (status.disruptionsAllowed ?? 0) > 0 ? 'True' : 'False');
      const again = planBudget({ ...seen, budget: { ...seen.budget, status } }, { count: scale, hasUnmanaged: false });
      assert.equal(again.isCurrent, true);
    });
  }

  it('does not count a pod whose eviction was allowed, for two minutes', () => {
    const since = formatTime(NOW - 60_000);
    const seen = {
      budget: budget({ minAvailable: 1 }, { a: since }),
      pods: [pod('a', true), pod('b', true)],
      now: NOW,
    };
    const plan = planBudget(seen, { count: 0, hasUnmanaged: false });
    assert.deepEqual([plan.status.currentHealthy, plan.requeueAfterMs], [1, 60_000]);
    assert.deepEqual(plan.status.disruptedPods, { a: since });
    const later = planBudget({ ...seen, now: NOW + 61_000 }, { count: 0, hasUnmanaged: false });
    assert.deepEqual([later.status.currentHealthy, later.status.disruptedPods], [2, undefined]);
    assert.deepEqual(
      later.notDeleted.map(({ metadata }) => metadata.name),
      ['a'],
    );
  });

  it('allows nothing after a failure', () => {
    const status = failedStatus(budget({ minAvailable: 1 }), 'no', NOW);
    assert.equal(status.disruptionsAllowed, 0);
    assert.deepEqual([status.conditions?.[0]?.reason, status.conditions?.[0]?.message], ['SyncFailed', 'no']);
  });
});

describe('goSelectorText', () => {
  it('prints selectors as Go does', () => {
    const selector = {
      matchLabels: { b: '2', a: '1' },
      matchExpressions: [{ key: 'c', operator: 'In', values: ['x', 'y'] }],
    };
    const requirement = 'LabelSelectorRequirement{Key:c,Operator:In,Values:[x y],}';
    const expected = `&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{${requirement},},}`;
    assert.equal(goSelectorText(selector), expected);
  });
});

describe('a stale disruption', () => {
  const announced = (reason: string): Pod => {
    const lastTransitionTime = formatTime(NOW - 50_000);
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime } as const];
    return { ...podOn({ name: 'a' }), status: { phase: 'Running', conditions } };
  };
  it('is called off after two minutes', () =>
    assert.equal(staleDisruptionMs(announced('EvictionByEvictionAPI'), NOW), 70_000));
  it('is left to the kubelet', () =>
    assert.equal(staleDisruptionMs(announced('TerminationByKubelet'), NOW), undefined));
  it('needs an announcement', () => assert.equal(staleDisruptionMs(podOn({ name: 'a' }), NOW), undefined));
});

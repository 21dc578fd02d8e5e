import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '@kts/api/types/autoscaling-v2';
import fc from 'fast-check';

import { historyMs, limitScaling, type ScalingWish } from './limit-scaling.ts';
import { changeWithin, initialHistory, recommend, scaled, type ScalingHistory } from './scaling-history.ts';

const NOW = 10_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const empty: ScalingHistory = { recommendations: [], up: [], down: [] };

function recommended(...entries: readonly (readonly [replicas: number, ago: number])[]): ScalingHistory {
  return { ...empty, recommendations: entries.map(([replicas, ago]) => ({ replicas, at: NOW - ago })) };
}

const wish = (fields: Partial<ScalingWish>): ScalingWish => ({
  current: 5,
  desired: 5,
  minReplicas: 1,
  maxReplicas: 100,
  behavior: undefined,
  downscaleStabilizationMs: 5 * MINUTE,
  history: empty,
  now: NOW,
  ...fields,
});

const said = (fields: Partial<ScalingWish>): string => {
  const { replicas, ableToScale, isLimited, limited } = limitScaling(wish(fields));
  return `${replicas} ${ableToScale.reason} ${limited.reason}${isLimited ? '!' : ''}`;
};

describe('limitScaling by default', () => {
  for (const [name, fields, expected] of [
    ['nothing to do', {}, '5 ReadyForNewScale DesiredWithinRange'],
    ['up', { desired: 8 }, '8 ReadyForNewScale DesiredWithinRange'],
    ['at most twice', { desired: 30 }, '10 ReadyForNewScale ScaleUpLimit!'],
    ['few may become four', { current: 1, desired: 30 }, '4 ReadyForNewScale ScaleUpLimit!'],
    ['at most the maximum', { desired: 9, maxReplicas: 7 }, '7 ReadyForNewScale TooManyReplicas!'],
    ['at least the minimum', { desired: 0, minReplicas: 2 }, '2 ReadyForNewScale TooFewReplicas!'],
    ['down', { desired: 2 }, '2 ReadyForNewScale DesiredWithinRange'],
    [
      'down, more wanted lately',
      { desired: 2, history: recommended([4, MINUTE]) },
      '4 ScaleDownStabilized DesiredWithinRange',
    ],
    [
      'down, more wanted long ago',
      { desired: 2, history: recommended([4, 6 * MINUTE]) },
      '2 ReadyForNewScale DesiredWithinRange',
    ],
    [
      'up, less wanted lately',
      { desired: 8, history: recommended([3, MINUTE]) },
      '8 ReadyForNewScale DesiredWithinRange',
    ],
  ] as readonly (readonly [string, Partial<ScalingWish>, string])[]) {
    it(name, () => assert.equal(said(fields), expected));
  }
});

describe('limitScaling by a behavior', () => {
  const rules = (up: HPAScalingRules, down: HPAScalingRules = {}): HorizontalPodAutoscalerBehavior => ({
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', ...up },
    scaleDown: { stabilizationWindowSeconds: 300, selectPolicy: 'Max', ...down },
  });
  const pods = (value: number, periodSeconds = 60) => ({ type: 'Pods', value, periodSeconds }) as const;
  const percent = (value: number, periodSeconds = 60) => ({ type: 'Percent', value, periodSeconds }) as const;
  const up = (history: ScalingHistory, change: number, ago: number): ScalingHistory =>
    scaled(history, 0, change, NOW - ago, 10 * MINUTE);
  const down = (history: ScalingHistory, change: number, ago: number): ScalingHistory =>
    scaled(history, change, 0, NOW - ago, 10 * MINUTE);

  for (const [name, fields, expected] of [
    [
      'some pods a minute',
      { desired: 20, behavior: rules({ policies: [pods(4)] }) },
      '9 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'some percent a minute, rounded up',
      { desired: 20, behavior: rules({ policies: [percent(10)] }) },
      '6 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'the most of two',
      { desired: 20, behavior: rules({ policies: [pods(1), percent(100)] }) },
      '10 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'the least of two',
      { desired: 20, behavior: rules({ selectPolicy: 'Min', policies: [pods(1), percent(100)] }) },
      '6 ReadyForNewScale ScaleUpLimit!',
    ],
    ['not at all', { desired: 20, behavior: rules({ selectPolicy: 'Disabled' }) }, '5 ReadyForNewScale ScaleUpLimit!'],
    [
      'what came lately counts',
      { desired: 20, behavior: rules({ policies: [pods(4)] }), history: up(empty, 3, 30 * SECOND) },
      '6 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'what came before does not',
      { desired: 20, behavior: rules({ policies: [pods(4)] }), history: up(empty, 3, 2 * MINUTE) },
      '9 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'never down by going up',
      { desired: 20, behavior: rules({ policies: [pods(1)] }), history: up(empty, 9, SECOND) },
      '5 ReadyForNewScale ScaleUpLimit!',
    ],
    [
      'at most the maximum',
      { desired: 20, maxReplicas: 7, behavior: rules({ policies: [pods(4)] }) },
      '7 ReadyForNewScale TooManyReplicas!',
    ],
    [
      'down by some pods',
      { desired: 1, behavior: rules({}, { policies: [pods(2)] }) },
      '3 ReadyForNewScale ScaleDownLimit!',
    ],
    [
      'down by some percent, rounded down',
      { desired: 1, behavior: rules({}, { policies: [percent(50)] }) },
      '2 ReadyForNewScale ScaleDownLimit!',
    ],
    [
      'down by the least of two',
      { desired: 0, behavior: rules({}, { selectPolicy: 'Min', policies: [pods(1), percent(80)] }) },
      '4 ReadyForNewScale ScaleDownLimit!',
    ],
    [
      'what went lately counts',
      { desired: 1, behavior: rules({}, { policies: [pods(3)] }), history: down(empty, 2, SECOND) },
      '4 ReadyForNewScale ScaleDownLimit!',
    ],
    [
      'at least the minimum',
      { desired: 0, minReplicas: 4, behavior: rules({}, { policies: [pods(3)] }) },
      '4 ReadyForNewScale TooFewReplicas!',
    ],
    [
      'not down, more wanted lately',
      { desired: 2, behavior: rules({}, { policies: [pods(9)] }), history: recommended([4, MINUTE]) },
      '4 ScaleDownStabilized DesiredWithinRange',
    ],
    [
      'down, with a window of no length',
      {
        desired: 2,
        behavior: rules({}, { stabilizationWindowSeconds: 0, policies: [pods(9)] }),
        history: recommended([4, MINUTE]),
      },
      '2 ReadyForNewScale DesiredWithinRange',
    ],
    [
      'not up, less wanted lately',
      {
        desired: 9,
        behavior: rules({ stabilizationWindowSeconds: 120, policies: [pods(9)] }),
        history: recommended([6, MINUTE]),
      },
      '6 ScaleUpStabilized DesiredWithinRange',
    ],
  ] as readonly (readonly [string, Partial<ScalingWish>, string])[]) {
    it(name, () => assert.equal(said(fields), expected));
  }

  it('stays between what there is, what is wanted and the limits', () => {
    const small = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(small, small, small, small, small, (current, desired, value, low, high) => {
        const [minReplicas, maxReplicas] = [Math.min(low, high), Math.max(low, high)];
        const behavior = rules({ policies: [pods(value)] }, { policies: [pods(value)] });
        const { replicas } = limitScaling(wish({ current, desired, minReplicas, maxReplicas, behavior }));
        assert.ok(Math.abs(replicas - current) <= value || replicas === minReplicas || replicas === maxReplicas);
        if (current >= minReplicas && current <= maxReplicas)
          assert.ok(replicas >= minReplicas && replicas <= maxReplicas);
      }),
    );
  });
});

describe('what is remembered', () => {
  it('begins with what there was', () =>
    assert.deepEqual(initialHistory(3, NOW).recommendations, [{ replicas: 3, at: NOW }]));
  it('forgets what is too old', () => {
    const history = recommend(recommended([1, 10 * MINUTE], [2, MINUTE]), 3, NOW, 5 * MINUTE);
    assert.deepEqual(
      history.recommendations.map(({ replicas }) => replicas),
      [2, 3],
    );
    const events = scaled(scaled(empty, 1, 5, NOW - 10 * MINUTE, MINUTE), 5, 7, NOW, MINUTE);
    assert.deepEqual(events.up, [{ change: 2, at: NOW }]);
  });
  it('adds up what changed in a period', () => {
    const events = [5 * MINUTE, 30 * SECOND, SECOND].map((ago) => ({ change: 2, at: NOW - ago }));
    assert.deepEqual([changeWithin(events, MINUTE, NOW), changeWithin(events, 10 * MINUTE, NOW)], [4, 6]);
  });
  it('is kept as long as the longest window or period', () => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 900 }] as const;
    assert.equal(historyMs({ scaleUp: { policies } }, 5 * MINUTE), 15 * MINUTE);
    assert.equal(historyMs(undefined, 5 * MINUTE), 5 * MINUTE);
    assert.equal(historyMs({ scaleDown: { stabilizationWindowSeconds: 3600 } }, MINUTE), 60 * MINUTE);
  });
});

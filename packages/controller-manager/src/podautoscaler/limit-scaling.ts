/**
 * How far, and how fast, an autoscaler may follow its metrics. Pure.
 *
 * Mirrors: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors and what they call in
 * pkg/controller/podautoscaler/horizontal.go (v1.36)
 */
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '@kts/api/types/autoscaling-v2';

import { changeWithin, type ScalingHistory } from './scaling-history.ts';

const SCALE_UP_FACTOR_MAX = 2;
const SCALE_UP_MINIMUM = 4;

export interface ScalingWish {
  readonly current: number;
  /** What the metrics ask for. */
  readonly desired: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined;
  /** Of scaling down, where the behavior says nothing. */
  readonly downscaleStabilizationMs: number;
  readonly history: ScalingHistory;
  readonly now: number;
}

/** Reason and message of a condition. */
export interface Explanation {
  readonly reason: string;
  readonly message: string;
}

export interface ScalingLimit {
  readonly replicas: number;
  readonly ableToScale: Explanation;
  readonly isLimited: boolean;
  readonly limited: Explanation;
}

const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const UP_STABILIZED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const DOWN_STABILIZED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const WITHIN = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const UP_LIMIT = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const DOWN_LIMIT = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

export function limitScaling(wish: ScalingWish): ScalingLimit {
  const { desired, behavior } = wish;
  const stabilized = behavior ? stabilizeByBehavior(wish, behavior) : stabilize(wish);
  const limit = behavior
    ? limitByBehavior(wish, behavior, stabilized.replicas)
    : limitByDefault(wish, stabilized.replicas);
  return {
    replicas: limit.replicas,
    ableToScale: stabilized.replicas === desired ? READY : stabilized.explanation,
    isLimited: limit.replicas !== stabilized.replicas,
    limited: limit.explanation,
  };
}

/** How long anything in the history may still count, in milliseconds. */
export function historyMs(
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  downscaleStabilizationMs: number,
): number {
  const rules = [behavior?.scaleUp, behavior?.scaleDown];
  const seconds = rules.flatMap((rule) => [
    rule?.stabilizationWindowSeconds ?? 0,
    ...(rule?.policies ?? []).map(({ periodSeconds }) => periodSeconds),
  ]);
  return Math.max(downscaleStabilizationMs, ...seconds.map((each) => each * 1000));
}

interface Step {
  readonly replicas: number;
  readonly explanation: Explanation;
}

/** Scales down only as far as all recent recommendations agree. */
function stabilize({ desired, history, downscaleStabilizationMs, now }: ScalingWish): Step {
  const recent = history.recommendations.filter(({ at }) => at >= now - downscaleStabilizationMs);
  return { replicas: Math.max(desired, ...recent.map(({ replicas }) => replicas)), explanation: DOWN_STABILIZED };
}

/** Up to the least, and down to the most, that was recommended within the window of that direction. */
function stabilizeByBehavior(wish: ScalingWish, { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): Step {
  const { current, desired, history, now, downscaleStabilizationMs } = wish;
  const within = (windowMs: number): readonly number[] =>
    history.recommendations.filter(({ at }) => at > now - windowMs).map(({ replicas }) => replicas);
  const downSeconds = scaleDown?.stabilizationWindowSeconds;
  const lowest = Math.min(desired, ...within((scaleUp?.stabilizationWindowSeconds ?? 0) * 1000));
  const highest = Math.max(
    desired,
    ...within(downSeconds === undefined ? downscaleStabilizationMs : downSeconds * 1000),
  );
  const replicas = Math.min(Math.max(current, lowest), highest);
  return { replicas, explanation: desired >= current ? UP_STABILIZED : DOWN_STABILIZED };
}

function limitByDefault({ current, minReplicas, maxReplicas }: ScalingWish, desired: number): Step {
  const upLimit = Math.max(SCALE_UP_FACTOR_MAX * current, SCALE_UP_MINIMUM);
  if (desired < minReplicas) return { replicas: minReplicas, explanation: TOO_FEW };
  if (desired <= Math.min(maxReplicas, upLimit)) return { replicas: desired, explanation: WITHIN };
  return maxReplicas > upLimit
    ? { replicas: upLimit, explanation: UP_LIMIT }
    : { replicas: maxReplicas, explanation: TOO_MANY };
}

function limitByBehavior(wish: ScalingWish, behavior: HorizontalPodAutoscalerBehavior, desired: number): Step {
  const { current, minReplicas, maxReplicas } = wish;
  if (desired > current) {
    const upLimit = Math.max(current, limitOf(behavior.scaleUp ?? {}, wish, 'up'));
    const most = Math.min(maxReplicas, upLimit);
    if (desired > most) return { replicas: most, explanation: maxReplicas > upLimit ? UP_LIMIT : TOO_MANY };
  } else if (desired < current) {
    const downLimit = Math.min(current, limitOf(behavior.scaleDown ?? {}, wish, 'down'));
    const least = Math.max(minReplicas, downLimit);
    if (desired < least) return { replicas: least, explanation: minReplicas < downLimit ? DOWN_LIMIT : TOO_FEW };
  }
  return { replicas: desired, explanation: WITHIN };
}

/** As many, or as few, replicas as the policies allow at this moment. */
function limitOf(rules: HPAScalingRules, { current, history, now }: ScalingWish, direction: 'up' | 'down'): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  const proposals = policies.map(({ type, value, periodSeconds }) => {
    const periodMs = periodSeconds * 1000;
    const added = changeWithin(history.up, periodMs, now);
    const removed = changeWithin(history.down, periodMs, now);
    const before = current - added + removed;
    if (type === 'Pods') return direction === 'up' ? before + value : before - value;
    // Rounded away from what there was: a small percentage of few replicas must still be able to change something.
    return direction === 'up' ? Math.ceil(before * (1 + value / 100)) : Math.trunc(before * (1 - value / 100));
  });
  const isMost = (selectPolicy === 'Min') === (direction === 'down');
  return isMost ? Math.max(...proposals) : Math.min(...proposals);
}

/**
 * How many pods may be disrupted now, by a PodDisruptionBudget. Pure.
 *
 * Mirrors: pkg/controller/disruption/disruption.go (v1.36)
 */
import type { Pod } from '@kts/api/types/core-v1';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@kts/api/types/policy-v1';
import { deepEqual, parseTime, type Condition, type LabelSelector } from '@kts/apimachinery';
import { formatTime } from '@kts/base';

import { scaledValue } from '../int-or-percent.ts';
import { isPodReady } from '../pods/pod-state.ts';

/** An eviction that was allowed and has not happened after that time will not happen. */
const DELETION_TIMEOUT_MS = 120_000;

export interface Observed {
  readonly budget: PodDisruptionBudget;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What controllers want in total, as far as the budget depends on it. */
export interface ExpectedScale {
  readonly count: number;
  readonly hasUnmanaged: boolean;
}

export interface BudgetPlan {
  readonly status: PodDisruptionBudgetStatus;
  readonly isCurrent: boolean;
  /** Pods that were to be deleted and were not. */
  readonly notDeleted: readonly Pod[];
  readonly requeueAfterMs: number | undefined;
}

/** Whether the budget is about a share of something, so that it matters how many pods there should be. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

export function planBudget({ budget, pods, now }: Observed, scale: ExpectedScale): BudgetPlan {
  const { expectedPods, desiredHealthy } = expectation(budget, pods, scale);
  const { disrupted, notDeleted, requeueAfterMs } = disruptions(budget, pods, now);
  const healthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disrupted) && isPodReady(pod),
  );
  const allowed = expectedPods > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0;
  const { generation = 0 } = budget.metadata;
  const before = budget.status?.conditions ?? [];
  const conditions = withCondition(before, allowedCondition(allowed, generation), now);
  const status = {
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    currentHealthy: healthy.length,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: allowed,
    observedGeneration: generation,
    conditions,
  };
  return { status, isCurrent: isSame(budget.status, status), notDeleted, requeueAfterMs };
}

/** Nothing is allowed while nobody knows better. */
export function failedStatus({ status }: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus {
  const { observedGeneration = 0, conditions = [] } = status ?? {};
  const condition = { status: 'False', reason: 'SyncFailed', message, observedGeneration } as const;
  const base = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...status };
  return {
    ...base,
    disruptionsAllowed: 0,
    conditions: withCondition(conditions, { type: 'DisruptionAllowed', ...condition }, now),
  };
}

/** As Go prints it. */
export function goSelectorText(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const pairs = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const requirements = `[]LabelSelectorRequirement{${expressions.join('')}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:${requirements},}`;
}

function expectation(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  { count }: ExpectedScale,
): { readonly expectedPods: number; readonly desiredHealthy: number } {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    return { expectedPods: count, desiredHealthy: Math.max(0, count - scaledValue(maxUnavailable, count, 'up')) };
  }
  if (minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
  return { expectedPods: count, desiredHealthy: scaledValue(minAvailable, count, 'up') };
}

function disruptions(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  now: number,
): Pick<BudgetPlan, 'notDeleted' | 'requeueAfterMs'> & { readonly disrupted: Readonly<Record<string, string>> } {
  const disrupted: Record<string, string> = {};
  const notDeleted: Pod[] = [];
  let soonest = Infinity;
  for (const pod of pods) {
    const since = status?.disruptedPods?.[pod.metadata.name];
    if (since === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
    const left = parseTime(since) + DELETION_TIMEOUT_MS - now;
    if (left < 0) {
      notDeleted.push(pod);
      continue;
    }
    disrupted[pod.metadata.name] = since;
    soonest = Math.min(soonest, left);
  }
  return { disrupted, notDeleted, requeueAfterMs: soonest === Infinity ? undefined : soonest };
}

type NewCondition = Omit<Condition, 'lastTransitionTime'>;

function allowedCondition(allowed: number, observedGeneration: number): NewCondition {
  return allowed > 0
    ? { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', observedGeneration }
    : { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', observedGeneration };
}

function withCondition(conditions: readonly Condition[], condition: NewCondition, now: number): readonly Condition[] {
  const known = conditions.find(({ type }) => type === condition.type);
  const since = known?.status === condition.status ? known.lastTransitionTime : formatTime(now);
  const next = { ...condition, lastTransitionTime: since };
  return known ? conditions.map((each) => (each === known ? next : each)) : [...conditions, next];
}

/** What is absent counts as 0. A failure that was noted must be taken back even if no number changes. */
function isSame(before: PodDisruptionBudgetStatus | undefined, after: PodDisruptionBudgetStatus): boolean {
  const core = (status: PodDisruptionBudgetStatus | undefined): object => ({
    counts: [status?.currentHealthy, status?.desiredHealthy, status?.expectedPods, status?.disruptionsAllowed].map(
      (count) => count ?? 0,
    ),
    disrupted: status?.disruptedPods ?? {},
    generation: status?.observedGeneration ?? 0,
    conditions: (status?.conditions ?? []).map(({ type, status: value, reason, observedGeneration = 0 }) => ({
      type,
      value,
      reason,
      observedGeneration,
    })),
  });
  return deepEqual(core(before), core(after));
}

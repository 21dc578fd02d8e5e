/**
 * When a pod must leave a node that has NoExecute taints. Pure.
 *
 * Mirrors: pkg/controller/tainteviction/taint_eviction.go (v1.36)
 */
import type { Node, Taint, Toleration } from '@kts/api/types/core-v1';

import { toleratesTaint } from '../nodes/node-state.ts';

/** What was decided before. */
export interface ScheduledEviction {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly isDone: boolean;
}

export interface EvictionInput {
  readonly taints: readonly Taint[];
  readonly tolerations: readonly Toleration[];
  readonly scheduled: ScheduledEviction | undefined;
  readonly now: number;
}

export interface EvictionPlan {
  /** An eviction that was due later does not happen. */
  readonly cancel: boolean;
  readonly next: ScheduledEviction | undefined;
  /** The pod goes now. */
  readonly evict: boolean;
}

export function planEviction({ taints, tolerations, scheduled, now }: EvictionInput): EvictionPlan {
  const isPending = scheduled !== undefined && !scheduled.isDone;
  if (isPending && scheduled.at <= now) return { cancel: false, next: { ...scheduled, isDone: true }, evict: true };
  const delay = toleratedMs(taints, tolerations);
  if (delay === 'forever') return { cancel: isPending, next: undefined, evict: false };
  if (delay === 'not') return { cancel: isPending, next: { at: now, isDone: true }, evict: true };
  if (scheduled) return { cancel: false, next: scheduled, evict: false };
  return { cancel: false, next: { at: now + delay, isDone: delay === 0 }, evict: delay === 0 };
}

export function noExecuteTaints(node: Node | undefined): readonly Taint[] {
  return node?.spec?.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
}

/** The first toleration of each taint counts, and of those the shortest. */
function toleratedMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number | 'forever' | 'not' {
  const used = taints.map((taint) => tolerations.find((toleration) => toleratesTaint(toleration, taint)));
  if (used.some((toleration) => toleration === undefined)) return 'not';
  const seconds = used.map((toleration) => toleration?.tolerationSeconds).filter((each) => each !== undefined);
  return seconds.length === 0 ? 'forever' : Math.max(0, Math.min(...seconds)) * 1000;
}

/**
 * How many seats each priority level may use for the next while: busy levels borrow from idle ones. Pure.
 *
 * Mirrors: updateBorrowingLocked in staging/src/k8s.io/apiserver/pkg/util/flowcontrol/apf_controller.go and
 * conc_alloc.go (v1.36)
 */
import type { LevelLimits } from './level-limits.ts';

/** What a level has wanted since the last time. */
export interface Demand {
  readonly limits: LevelLimits;
  /** The most seats that its requests, waiting ones included, would have used at a time. */
  readonly highWatermark: number;
  /** The same over many periods, falling slowly. */
  readonly smoothed: number;
}

const SMOOTHING = 0.977;
/** Levels without any demand still count a little, so that proportions are defined. */
const TARGET_MIN = 0.001;

export function smoothedDemand(before: number, highWatermark: number): number {
  return Math.max(highWatermark, SMOOTHING * before + (1 - SMOOTHING) * highWatermark);
}

/** Seats by level name. */
export function allocateSeats(demands: readonly Demand[]): ReadonlyMap<string, number> {
  const seats = new Map<string, number>();
  let left = demands.reduce((sum, { limits }) => sum + limits.nominalSeats, 0);
  for (const { limits, highWatermark } of demands) {
    if (!limits.exempt) continue;
    const used = Math.max(limits.minSeats, highWatermark);
    seats.set(limits.name, used);
    left -= used;
  }
  const limited = demands.filter(({ limits }) => !limits.exempt);
  const minimums = limited.map(({ limits }) => limits.minSeats);
  const wanted = limited.map(({ limits, highWatermark }) =>
    Math.max(limits.minSeats, Math.min(limits.nominalSeats, highWatermark)),
  );
  const shares = sharesOfRest(limited, minimums, wanted, left);
  limited.forEach(({ limits }, index) => seats.set(limits.name, Math.round(shares[index]!)));
  return seats;
}

function sharesOfRest(
  levels: readonly Demand[],
  minimums: readonly number[],
  wanted: readonly number[],
  left: number,
): readonly number[] {
  const leastSum = sum(minimums);
  const wantedSum = sum(wanted);
  if (left <= leastSum) return minimums;
  if (left <= wantedSum) {
    const part = (left - leastSum) / (wantedSum - leastSum);
    return minimums.map((minimum, index) => minimum + Math.round((wanted[index]! - minimum) * part));
  }
  return fairShares(
    left,
    levels.map(({ limits, smoothed }, index) => ({
      least: wanted[index]!,
      most: limits.maxSeats,
      target: Math.max(wanted[index]!, smoothed),
    })),
  );
}

/** Bounds and weight of one share. */
export interface ShareProblem {
  readonly least: number;
  readonly most: number;
  readonly target: number;
}

/**
 * Shares that add up to `total` and are in the same proportion to their targets, as far as their bounds allow. Where the
 * bounds do not allow the sum, the shares are at their bounds.
 */
export function fairShares(total: number, problems: readonly ShareProblem[]): readonly number[] {
  const at = (proportion: number): readonly number[] =>
    problems.map(({ least, most, target }) =>
      Math.min(most, Math.max(least, Math.max(TARGET_MIN, target) * proportion)),
    );
  if (total <= sum(problems.map(({ least }) => least))) return at(0);
  if (total >= sum(problems.map(({ most }) => most))) return problems.map(({ most }) => most);
  const bounds = problems
    .flatMap(({ least, most, target }) => [least, most].map((bound) => bound / Math.max(TARGET_MIN, target)))
    .sort((a, b) => a - b);
  const above = bounds.findIndex((bound) => sum(at(bound)) >= total);
  const from = above > 0 ? bounds[above - 1]! : 0;
  const [low, high] = [sum(at(from)), sum(at(bounds[above]!))];
  const part = high === low ? 0 : (total - low) / (high - low);
  return at(from + (bounds[above]! - from) * part);
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

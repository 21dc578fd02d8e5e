/**
 * Costs and sizes as ranges. They saturate at COST_MAX, as upstream's unsigned 64-bit numbers do.
 *
 * Mirrors: github.com/google/cel-go/checker/cost.go: CostEstimate, SizeEstimate
 */
export interface CostRange {
  readonly min: number;
  readonly max: number;
}

export const COST_MAX = 2 ** 64;
export const UNKNOWN_RANGE: CostRange = { min: 0, max: COST_MAX };
export const ZERO_RANGE: CostRange = { min: 0, max: 0 };
export const ONE_RANGE: CostRange = { min: 1, max: 1 };

export function fixedRange(value: number): CostRange {
  return { min: value, max: value };
}

export function addRanges(a: CostRange, b: CostRange): CostRange {
  return { min: saturated(a.min + b.min), max: saturated(a.max + b.max) };
}

export function multiplyRanges(a: CostRange, b: CostRange): CostRange {
  return { min: saturated(a.min * b.min), max: saturated(a.max * b.max) };
}

/** Rounded up to whole numbers. */
export function scaleRange(range: CostRange, factor: number): CostRange {
  return { min: saturated(Math.ceil(range.min * factor)), max: saturated(Math.ceil(range.max * factor)) };
}

export function unionRange(a: CostRange, b: CostRange): CostRange {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

function saturated(value: number): number {
  return value > COST_MAX ? COST_MAX : value;
}

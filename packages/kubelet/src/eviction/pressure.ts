import { amountOf, SIGNALS, type PressureCondition, type Signal, type Threshold } from './thresholds.ts';

/** What there is of something now. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

export type Observations = ReadonlyMap<Signal, Observation>;

/** What must be remembered between two looks at the node. */
export interface PressureState {
  /** Thresholds that are met, and since when. */
  readonly metSince: ReadonlyMap<Threshold, number>;
  /** Those of them whose grace period was over: they stay met until enough is free again. */
  readonly due: readonly Threshold[];
  readonly conditionSeenAt: ReadonlyMap<PressureCondition, number>;
}

export const NO_PRESSURE: PressureState = { metSince: new Map(), due: [], conditionSeenAt: new Map() };

export interface PressureResult {
  readonly state: PressureState;
  /** What the node reports: a condition stays for a while after its cause has gone. */
  readonly conditions: readonly PressureCondition[];
  /** Thresholds to do something about, the most urgent first. */
  readonly due: readonly Threshold[];
}

/**
 * What a look at the node means for its conditions and its pods.
 *
 * Mirrors: pkg/kubelet/eviction/eviction_manager.go, synchronize (v1.36)
 */
export function observePressure(
  before: PressureState,
  thresholds: readonly Threshold[],
  observations: Observations,
  options: { readonly now: number; readonly transitionMs: number },
): PressureResult {
  const { now, transitionMs } = options;
  const met = new Set([
    ...thresholdsMet(thresholds, observations, false),
    ...thresholdsMet(before.due, observations, true),
  ]);
  const metSince = new Map([...met].map((threshold) => [threshold, before.metSince.get(threshold) ?? now]));
  const conditionSeenAt = new Map(before.conditionSeenAt);
  for (const { signal } of met) conditionSeenAt.set(SIGNALS[signal].condition, now);
  const due = [...metSince].filter(([{ graceMs }, since]) => now - since >= graceMs).map(([threshold]) => threshold);
  return {
    state: { metSince, due, conditionSeenAt },
    conditions: [...conditionSeenAt]
      .filter(([, seenAt]) => now - seenAt < transitionMs)
      .map(([condition]) => condition)
      .toSorted(),
    due: due.toSorted((a, b) => urgency(a) - urgency(b)),
  };
}

/** Those that say that there is too little; `withReclaim`: or not yet as much more as was asked for. */
export function thresholdsMet(
  thresholds: readonly Threshold[],
  observations: Observations,
  withReclaim: boolean,
): readonly Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const observed = observations.get(signal);
    if (!observed) return false;
    const extra = withReclaim && minReclaim ? amountOf(minReclaim, observed.capacity) : 0;
    return observed.available < amountOf(value, observed.capacity) + extra;
  });
}

/** Memory goes first: without it nothing else can be done either. */
function urgency({ signal }: Threshold): number {
  return signal === 'memory.available' ? 0 : 1;
}

/**
 * What an autoscaler remembers between two looks. Pure: every change makes a new history.
 *
 * Mirrors: pkg/controller/podautoscaler/horizontal.go, recommendations and scale events (v1.36)
 * Differs: what has become too old is dropped, instead of kept until a new entry takes its place.
 */
export interface Recommendation {
  readonly replicas: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ScaleEvent {
  /** How many replicas came or went. */
  readonly change: number;
  readonly at: number;
}

export interface ScalingHistory {
  /** Before any limits, the oldest first. */
  readonly recommendations: readonly Recommendation[];
  readonly up: readonly ScaleEvent[];
  readonly down: readonly ScaleEvent[];
}

/** The first thing that is remembered is how many replicas there were. */
export function initialHistory(replicas: number, now: number): ScalingHistory {
  return { recommendations: [{ replicas, at: now }], up: [], down: [] };
}

/** @param keepMs longer than any window that is asked for */
export function recommend(history: ScalingHistory, replicas: number, now: number, keepMs: number): ScalingHistory {
  const recent = history.recommendations.filter(({ at }) => at >= now - keepMs);
  return { ...history, recommendations: [...recent, { replicas, at: now }] };
}

export function scaled(history: ScalingHistory, from: number, to: number, now: number, keepMs: number): ScalingHistory {
  const recent = (events: readonly ScaleEvent[]): readonly ScaleEvent[] =>
    events.filter(({ at }) => at >= now - keepMs);
  const event = { change: Math.abs(to - from), at: now };
  return to > from
    ? { ...history, up: [...recent(history.up), event] }
    : { ...history, down: [...recent(history.down), event] };
}

/** Replicas that came or went within the period. */
export function changeWithin(events: readonly ScaleEvent[], periodMs: number, now: number): number {
  return events.reduce((sum, { change, at }) => (at > now - periodMs ? sum + change : sum), 0);
}

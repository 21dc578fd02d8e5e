/**
 * From two samples to what was used between them. Pure.
 *
 * Mirrors: metrics-server pkg/storage/pod.go, node.go and types.go (v0.8)
 * Differs: a container without a sample before is measured from its start for as long as samples are kept, not just for
 * one interval, because the last time somebody asked may be longer ago.
 */
import type { ContainerPoints, NodeSample, UsagePoint } from './node-sample.ts';

/** Samples are kept for so long, and no rate is over a longer time. */
export const SAMPLES_KEPT_MS = 60_000;
/** Of a container that has run for less its start tells too little. */
const FRESH_CONTAINER_MS_MIN = 10_000;

/** The newest sample of a node, and for each point of it one before. */
export interface NodeSamples {
  readonly last: NodeSample;
  readonly previous: NodeSample;
}

export interface Usage {
  readonly atMs: number;
  readonly windowMs: number;
  readonly cpuNanoCores: number;
  readonly memoryBytes: number;
}

export interface PodUsage {
  readonly atMs: number;
  readonly windowMs: number;
  readonly containers: readonly (Usage & { readonly name: string })[];
}

const NOTHING: NodeSample = { pods: new Map() };

/** Pairs every point of a new sample with one before it, if there is one that it may be compared with. */
export function addSample(before: NodeSamples | undefined, last: NodeSample): NodeSamples {
  const { last: older = NOTHING, previous: oldest = NOTHING } = before ?? {};
  const pods = new Map<string, ContainerPoints>();
  for (const [pod, containers] of last.pods) {
    const found = new Map<string, UsagePoint>();
    for (const [name, point] of containers) {
      const candidates = [older.pods.get(pod)?.get(name), oldest.pods.get(pod)?.get(name)];
      const previous = candidates.find((one) => one && isComparable(one, point)) ?? startOfFresh(point);
      if (previous) found.set(name, previous);
    }
    if (found.size > 0) pods.set(pod, found);
  }
  const node = last.node && [older.node, oldest.node].find((one) => one && isComparable(one, last.node!));
  return { last, previous: { ...(node ? { node } : {}), pods } };
}

/** Nothing has been started again between the two. */
function isComparable(previous: UsagePoint, last: UsagePoint): boolean {
  return (
    previous.atMs < last.atMs &&
    last.atMs - previous.atMs <= SAMPLES_KEPT_MS &&
    last.startMs < Math.max(previous.atMs, 1)
  );
}

function startOfFresh(point: UsagePoint): UsagePoint | undefined {
  const age = point.atMs - point.startMs;
  if (age < FRESH_CONTAINER_MS_MIN || age >= SAMPLES_KEPT_MS) return undefined;
  return { ...point, atMs: point.startMs, cpuNanoSeconds: 0 };
}

export function nodeUsage({ last, previous }: NodeSamples): Usage | undefined {
  return last.node && previous.node && usageBetween(previous.node, last.node);
}

/** Undefined if there is a container of which it is not known yet. `pod` is `namespace/name`. */
export function podUsage({ last, previous }: NodeSamples, pod: string): PodUsage | undefined {
  const points = last.pods.get(pod);
  const before = previous.pods.get(pod);
  if (!points || !before) return undefined;
  const containers: (Usage & { readonly name: string })[] = [];
  for (const [name, point] of points) {
    const first = before.get(name);
    if (!first) return undefined;
    const usage = usageBetween(first, point);
    if (usage) containers.push({ name, ...usage });
  }
  const earliest = containers.reduce<Usage | undefined>((a, b) => (a && a.atMs <= b.atMs ? a : b), undefined);
  return earliest && { atMs: earliest.atMs, windowMs: earliest.windowMs, containers };
}

/** Undefined if the counter was set back. */
function usageBetween(previous: UsagePoint, last: UsagePoint): Usage | undefined {
  const used = last.cpuNanoSeconds - previous.cpuNanoSeconds;
  if (used < 0) return undefined;
  const windowMs = last.atMs - previous.atMs;
  const cpuNanoCores = Math.floor((used * 1000) / windowMs);
  return { atMs: last.atMs, windowMs, cpuNanoCores, memoryBytes: last.memoryBytes };
}

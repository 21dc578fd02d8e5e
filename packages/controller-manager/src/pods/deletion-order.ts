/**
 * Which replicas go first when there are too many: those that have got least far.
 *
 * Mirrors: ActivePodsWithRanks in pkg/controller/controller_utils.go (v1.36)
 */
import type { Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

import { isPodReady, readySince } from './pod-state.ts';

const DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The `count` pods to delete first. `related` are the active pods of all replica sets of the same owner: of two equal
 * pods the one whose node has more of them goes first.
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  now: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const byNode = new Map<string, number>();
  for (const pod of related) {
    if (pod.spec.nodeName) byNode.set(pod.spec.nodeName, (byNode.get(pod.spec.nodeName) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => ({ pod, rank: byNode.get(pod.spec.nodeName ?? '') ?? 0 }));
  return ranked
    .toSorted((a, b) => compareForDeletion(a, b, now))
    .slice(0, count)
    .map(({ pod }) => pod);
}

interface Ranked {
  readonly pod: Pod;
  readonly rank: number;
}

/** Negative: `a` goes first. The order of the criteria is the rule. */
function compareForDeletion(a: Ranked, b: Ranked, now: number): number {
  return (
    Number(Boolean(a.pod.spec.nodeName)) - Number(Boolean(b.pod.spec.nodeName)) ||
    phaseOrder(a.pod) - phaseOrder(b.pod) ||
    Number(isPodReady(a.pod)) - Number(isPodReady(b.pod)) ||
    deletionCost(a.pod) - deletionCost(b.pod) ||
    b.rank - a.rank ||
    compareAges(readySince(a.pod), readySince(b.pod), a.pod, b.pod, now) ||
    compareRestarts(a.pod, b.pod) ||
    compareAges(createdAt(a.pod), createdAt(b.pod), a.pod, b.pod, now)
  );
}

function phaseOrder(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? ''] ?? 0;
}

/** An annotation that is no number counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST_ANNOTATION];
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

/**
 * The younger goes first, but ages are compared by their order of magnitude: among pods of about the same age the choice
 * falls by uid, as good as at random, so that old and young ones both stay.
 */
function compareAges(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const difference = magnitude(now - a) - magnitude(now - b);
  return difference || (podA.metadata.uid < podB.metadata.uid ? -1 : 1);
}

/** log2 of a duration in nanoseconds, rounded down; durations that are not positive come first. */
function magnitude(ms: number): number {
  return ms <= 0 ? -1 : Math.floor(Math.log2(ms * 1e6));
}

/** More restarts go first: of regular containers, then of sidecars. */
function compareRestarts(a: Pod, b: Pod): number {
  return maxRestarts(b, false) - maxRestarts(a, false) || maxRestarts(b, true) - maxRestarts(a, true);
}

function maxRestarts(pod: Pod, ofSidecars: boolean): number {
  const sidecars = new Set(
    pod.spec.initContainers?.filter((container) => container.restartPolicy === 'Always').map(({ name }) => name),
  );
  const statuses = ofSidecars
    ? (pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))
    : (pod.status?.containerStatuses ?? []);
  return Math.max(0, ...statuses.map((status) => status.restartCount));
}

function createdAt(pod: Pod): number {
  return parseTime(pod.metadata.creationTimestamp);
}

/**
 * Which of a Job's active pods go first when there are too many.
 *
 * Mirrors: ActivePods in pkg/controller/controller_utils.go, activePodsForRemoval in pkg/controller/job (v1.36)
 */
import type { Job } from '@kts/api/types/batch-v1';
import type { Pod } from '@kts/api/types/core-v1';
import { parseTime } from '@kts/apimachinery';

import { isPodReady, readySince } from '../pods/pod-state.ts';
import { completionIndexOf } from './completion-index.ts';
import { isIndexed } from './job-spec.ts';

const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** At least `count` pods; of an Indexed Job also all that no index needs. */
export function podsToRemove(job: Job, pods: readonly Pod[], count: number): readonly Pod[] {
  const { surplus, left } = isIndexed(job)
    ? splitByIndex(pods, job.spec.completions ?? 0)
    : { surplus: [], left: pods };
  if (surplus.length >= count) return surplus;
  return [...surplus, ...left.toSorted(compareActivePods).slice(0, count - surplus.length)];
}

/** Surplus: pods without a valid index, and all but one of each index. */
function splitByIndex(
  pods: readonly Pod[],
  completions: number,
): { readonly surplus: readonly Pod[]; readonly left: readonly Pod[] } {
  const byIndex = Map.groupBy(pods, completionIndexOf);
  const surplus: Pod[] = [];
  const left: Pod[] = [];
  for (const [index, group] of byIndex) {
    if (index === undefined || index >= completions) {
      surplus.push(...group);
      continue;
    }
    const ordered = group.toSorted(compareActivePods);
    surplus.push(...ordered.slice(0, -1));
    left.push(ordered.at(-1)!);
  }
  return { surplus, left };
}

/** Negative: `a` goes first, having got less far. */
function compareActivePods(a: Pod, b: Pod): number {
  return (
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
    phaseOrder(a) - phaseOrder(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    (readySince(b) ?? Infinity) - (readySince(a) ?? Infinity) ||
    restarts(b) - restarts(a) ||
    parseTime(b.metadata.creationTimestamp) - parseTime(a.metadata.creationTimestamp)
  );
}

function phaseOrder(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? ''] ?? 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/**
 * What the pods that are already in a namespace have against a stricter policy.
 *
 * Mirrors: EvaluatePodsInNamespace in staging/src/k8s.io/pod-security-admission/admission/admission.go (v1.36)
 * Differs: looks at no more than so many pods, but has no time limit, because the pods are at hand.
 */
import type { Pod } from '@kts/api/types/core-v1';

import { evaluatePod } from './evaluate.ts';
import { formatLevelVersion, type LevelVersion } from './policy.ts';

const MAX_PODS = 3000;

/** Warnings for whoever makes the policy stricter; the pods stay. */
export function warningsAboutPods(namespace: string, enforce: LevelVersion, pods: readonly Pod[]): readonly string[] {
  const ordered = differentFirst(pods);
  const checked = ordered.slice(0, MAX_PODS);
  const namesByProblem = new Map<string, string[]>();
  for (const { metadata, spec } of checked) {
    const violations = evaluatePod(enforce, { annotations: metadata.annotations ?? {}, spec });
    if (violations.length === 0) continue;
    const problem = violations.map(({ reason }) => reason).join(', ');
    namesByProblem.set(problem, [...(namesByProblem.get(problem) ?? []), metadata.name]);
  }
  const lines = [...namesByProblem].map(([problem, names]) => `${describePods(names)}: ${problem}`).sort();
  const policy = formatLevelVersion(enforce);
  return [
    ...(checked.length < ordered.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked.length} of ${ordered.length} existing pods`,
        ]
      : []),
    ...(lines.length > 0
      ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${policy}"`]
      : []),
    ...lines,
  ];
}

/** One pod of each controller, then the others, which are most likely like it. */
function differentFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const repeated: Pod[] = [];
  const first = pods.filter((pod) => {
    const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller)?.uid;
    if (controller === undefined) return true;
    if (!seen.has(controller)) return seen.add(controller);
    repeated.push(pod);
    return false;
  });
  return [...first, ...repeated];
}

function describePods(names: readonly string[]): string {
  const others = names.length - 1;
  const first = names.toSorted()[0]!;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}

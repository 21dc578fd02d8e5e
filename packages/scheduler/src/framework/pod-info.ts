import type { Pod } from '@kts/api/types/core-v1';
import { keyText } from '@kts/apimachinery';
import { affinityTerm, weightedAffinityTerm, type AffinityTerm, type WeightedAffinityTerm } from './affinity-term.ts';
import { hostPortsOf, type HostPort } from './host-ports.ts';
import { computePodRequests, hasPodLevelRequests } from './pod-requests.ts';
import { resourcesOf, type Amounts, type Resources } from './resources.ts';

/** A pod with what every scheduling cycle needs of it, computed once. */
export interface PodInfo {
  readonly pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  readonly uid: string;
  readonly namespace: string;
  readonly priority: number;
  readonly requests: Resources;
  /** Like `requests`, with an assumption for containers that request no CPU or memory: what the pod's scores are made of. */
  readonly scoredRequests: Amounts;
  /** What the pod adds to the scores of its node. */
  readonly nonZeroRequests: CpuAndMemory;
  readonly hostPorts: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[];
}

export interface CpuAndMemory {
  readonly milliCpu: number;
  readonly memory: number;
}

/** Assumed of containers without requests: 100m and 200 MiB. Source: pkg/scheduler/util/pod_resources.go. */
export const ASSUMED_REQUESTS: Amounts = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

const known = new WeakMap<Pod, PodInfo>();

/** Pods are immutable, so what is derived of one is remembered for as long as the pod itself is. */
export function podInfoOf(pod: Pod): PodInfo {
  let info = known.get(pod);
  if (info === undefined) {
    info = describePod(pod);
    known.set(pod, info);
  }
  return info;
}

/** The pod as if it ran on `nodeName`. */
export function assignedTo(info: PodInfo, nodeName: string): PodInfo {
  return { ...info, pod: { ...info.pod, spec: { ...info.pod.spec, nodeName } } };
}

export function hasAffinity(info: PodInfo): boolean {
  return (
    info.requiredAffinity.length > 0 ||
    info.requiredAntiAffinity.length > 0 ||
    info.preferredAffinity.length > 0 ||
    info.preferredAntiAffinity.length > 0
  );
}

function describePod(pod: Pod): PodInfo {
  const { namespace, uid } = pod.metadata;
  const requests = computePodRequests(pod);
  const scoredRequests = computePodRequests(pod, { missing: ASSUMED_REQUESTS });
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const required = (terms = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution): readonly AffinityTerm[] =>
    terms?.map((term) => affinityTerm(pod, term)) ?? NONE;
  const preferred = (
    terms = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution,
  ): readonly WeightedAffinityTerm[] => terms?.map((term) => weightedAffinityTerm(pod, term)) ?? NONE;
  return {
    pod,
    key: keyText(pod.metadata),
    uid,
    namespace,
    priority: pod.spec.priority ?? 0,
    requests: resourcesOf(requests),
    scoredRequests,
    nonZeroRequests: nonZeroRequests(pod, requests, scoredRequests),
    hostPorts: hostPortsOf(pod),
    requiredAffinity: required(),
    requiredAntiAffinity: podAntiAffinity
      ? required(podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? NONE)
      : NONE,
    preferredAffinity: preferred(),
    preferredAntiAffinity: podAntiAffinity
      ? preferred(podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? NONE)
      : NONE,
  };
}

const NONE: readonly never[] = [];

/** With requests at pod level, only what the pod requests nowhere is assumed. */
function nonZeroRequests(pod: Pod, requests: Amounts, scored: Amounts): CpuAndMemory {
  const missing = new Map([...ASSUMED_REQUESTS].filter(([name]) => !requests.has(name)));
  const amounts = hasPodLevelRequests(pod) ? computePodRequests(pod, { missing }) : scored;
  return { milliCpu: amounts.get('cpu') ?? 0, memory: amounts.get('memory') ?? 0 };
}

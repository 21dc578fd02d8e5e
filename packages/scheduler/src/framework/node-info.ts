import type { Node } from '@kts/api/types/core-v1';
import type { HostPort } from './host-ports.ts';
import type { Labels } from './label-selection.ts';
import { hasAffinity, type CpuAndMemory, type PodInfo } from './pod-info.ts';
import { addResources, amountsOf, NO_RESOURCES, resourcesOf, sameResources, type Resources } from './resources.ts';

/** A node and the pods on it, those assumed to be on their way included. Immutable: every change makes a new one. */
export interface NodeInfo {
  readonly node: Node;
  readonly name: string;
  readonly labels: Labels;
  readonly allocatable: Resources;
  readonly allowedPods: number;
  readonly pods: readonly PodInfo[];
  readonly podsWithAffinity: readonly PodInfo[];
  readonly requested: Resources;
  readonly nonZeroRequested: CpuAndMemory;
  readonly usedPorts: readonly HostPort[];
}

const NO_LABELS: Labels = {};
const NO_CPU_OR_MEMORY: CpuAndMemory = { milliCpu: 0, memory: 0 };
const NONE: readonly never[] = [];

export function nodeInfoOf(node: Node, pods: Iterable<PodInfo> = []): NodeInfo {
  let info: NodeInfo = {
    ...describeNode(node),
    pods: NONE,
    podsWithAffinity: NONE,
    requested: NO_RESOURCES,
    nonZeroRequested: NO_CPU_OR_MEMORY,
    usedPorts: NONE,
  };
  for (const pod of pods) info = withPod(info, pod);
  return info;
}

/** The same pods on the node as it is now. */
export function withNode(info: NodeInfo, node: Node): NodeInfo {
  return { ...info, ...describeNode(node) };
}

function describeNode(node: Node): Pick<NodeInfo, 'node' | 'name' | 'labels' | 'allocatable' | 'allowedPods'> {
  const amounts = amountsOf(node.status?.allocatable);
  return {
    node,
    name: node.metadata.name,
    labels: node.metadata.labels ?? NO_LABELS,
    allocatable: resourcesOf(amounts),
    allowedPods: amounts.get('pods') ?? 0,
  };
}

export function withPod(info: NodeInfo, pod: PodInfo): NodeInfo {
  return {
    ...info,
    pods: [...info.pods, pod],
    podsWithAffinity: hasAffinity(pod) ? [...info.podsWithAffinity, pod] : info.podsWithAffinity,
    requested: addResources(info.requested, pod.requests, 1),
    nonZeroRequested: addCpuAndMemory(info.nonZeroRequested, pod.nonZeroRequests, 1),
    usedPorts: pod.hostPorts.length > 0 ? [...info.usedPorts, ...pod.hostPorts] : info.usedPorts,
  };
}

/** The node with a pod as it is now; most changes of a pod do not change what it uses. */
export function withPodChanged(info: NodeInfo, old: PodInfo, now: PodInfo): NodeInfo {
  const same =
    sameResources(old.requests, now.requests) &&
    old.nonZeroRequests.milliCpu === now.nonZeroRequests.milliCpu &&
    old.nonZeroRequests.memory === now.nonZeroRequests.memory &&
    old.hostPorts.length === now.hostPorts.length &&
    hasAffinity(old) === hasAffinity(now);
  const index = same ? info.pods.indexOf(old) : -1;
  if (index === -1) return withPod(withoutPod(info, old.uid), now);
  return {
    ...info,
    pods: info.pods.with(index, now),
    podsWithAffinity: hasAffinity(now)
      ? info.podsWithAffinity.map((other) => (other === old ? now : other))
      : info.podsWithAffinity,
  };
}

/** The node without the pod that has this uid; the node itself if there is none. */
export function withoutPod(info: NodeInfo, uid: string): NodeInfo {
  const pod = info.pods.find((candidate) => candidate.uid === uid);
  if (pod === undefined) return info;
  const rest = info.pods.filter((other) => other !== pod);
  return {
    ...info,
    pods: rest,
    podsWithAffinity: hasAffinity(pod) ? info.podsWithAffinity.filter((other) => other !== pod) : info.podsWithAffinity,
    requested: addResources(info.requested, pod.requests, -1),
    nonZeroRequested: addCpuAndMemory(info.nonZeroRequested, pod.nonZeroRequests, -1),
    usedPorts: pod.hostPorts.length > 0 ? rest.flatMap((other) => other.hostPorts) : info.usedPorts,
  };
}

function addCpuAndMemory(total: CpuAndMemory, change: CpuAndMemory, sign: 1 | -1): CpuAndMemory {
  return { milliCpu: total.milliCpu + sign * change.milliCpu, memory: total.memory + sign * change.memory };
}

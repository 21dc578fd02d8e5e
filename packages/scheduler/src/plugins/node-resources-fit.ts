import type { Node, Pod } from '@kts/api/types/core-v1';
import type { DeviceClass } from '@kts/api/types/resource-v1';
import { DeviceClasses, resourceOfClass } from '../devices/device-classes.ts';
import { hint, type EventObjects } from '../framework/cluster-event.ts';
import { nodeInfoOf, type NodeInfo } from '../framework/node-info.ts';
import type { Plugin, Rejection } from '../framework/plugin.ts';
import { podInfoOf, type PodInfo } from '../framework/pod-info.ts';
import { isExtendedResource, resourceNamed, type Resources } from '../framework/resources.ts';
import { isAssigned } from './pod-events.ts';
import { allocationScore, requestsFor, type ScoringStrategy } from './resource-scoring.ts';

/**
 * A node must have room for what the pod requests; by default the emptier node scores higher.
 *
 * Mirrors: pkg/scheduler/framework/plugins/noderesources/fit.go (v1.36)
 * Differs: devices that stand for an extended resource are not scored.
 */
export interface NodeResourcesFitArgs {
  /** Extended resources that are not checked. */
  readonly ignoredResources?: readonly string[];
  /** Domains, such as `example.com`, of extended resources that are not checked. */
  readonly ignoredResourceGroups?: readonly string[];
  readonly scoringStrategy?: ScoringStrategy;
}

const CPU_AND_MEMORY = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

/** @param classes which say what resources devices stand for: those of devices are left to another plugin. */
export function nodeResourcesFit(
  args: NodeResourcesFitArgs = {},
  classes: Pick<DeviceClasses, 'forResource'> = new DeviceClasses(),
): Plugin<undefined, readonly number[]> {
  const strategy = args.scoringStrategy ?? { type: 'LeastAllocated' };
  const resources = strategy.resources ?? CPU_AND_MEMORY;
  const score = allocationScore(strategy, resources);
  const ignored = ignoredBy(args, classes);
  return {
    name: 'NodeResourcesFit',
    requeueOn: {
      'Pod/Delete': hint<Pod>((_, { before }) => isAssigned(before!)),
      'Pod/UpdateScaleDown': hint(mayFitAfterScaleDown),
      'Node/Add': hint<Node>((pod, { after }) => fitsEmpty(pod, after!, ignored)),
      'DeviceClass/Add': hint<DeviceClass>((pod, { after }) =>
        namesAnyOf(pod, after!, resourceOfClass(after!.metadata.name)),
      ),
      'DeviceClass/Update': hint<DeviceClass>(
        (pod, { before, after }) =>
          before!.spec.extendedResourceName !== after!.spec.extendedResourceName && namesAnyOf(pod, after!),
      ),
      'Node/UpdateAllocatable': hint<Node>((pod, objects) => mayFitAfterGrowth(pod, objects, ignored)),
    },
    filter: (pod, node) => insufficientResources(pod, node, ignored),
    preScore: (pod) => ({ state: requestsFor(resources, pod.scoredRequests) }),
    score: (_, node, requests) => score(node, requests),
  };
}

/** @param capacity how much of it the node has at all. */
type IsIgnored = (resource: string, capacity: number) => boolean;

/** Everything there is too little of. More than the whole node has cannot be freed by preemption. */
export function insufficientResources(
  { requests }: PodInfo,
  { allocatable, requested, pods, allowedPods }: NodeInfo,
  ignored: IsIgnored = NOTHING_IGNORED,
): Rejection | undefined {
  let shortages = 0;
  if (pods.length >= allowedPods) shortages |= PODS;
  // What is not requested is not looked at: reading numbers of thousands of nodes is what this costs.
  const { milliCpu, memory, ephemeralStorage } = requests;
  if (milliCpu !== 0) shortages |= CPU * shortage(milliCpu, allocatable.milliCpu, requested.milliCpu);
  if (memory !== 0) shortages |= MEMORY * shortage(memory, allocatable.memory, requested.memory);
  if (ephemeralStorage !== 0) {
    shortages |= STORAGE * shortage(ephemeralStorage, allocatable.ephemeralStorage, requested.ephemeralStorage);
  }
  if (requests.scalar.size === 0) return shortages === 0 ? undefined : rejectionOf(shortages);
  const missing: string[] = [];
  let isSmall = (shortages & TOO_SMALL) !== 0;
  for (const [name, wanted] of requests.scalar) {
    const capacity = allocatable.scalar.get(name) ?? 0;
    if (ignored(name, capacity)) continue;
    const found = shortage(wanted, capacity, requested.scalar.get(name) ?? 0);
    if (found !== 0) missing.push(`Insufficient ${name}`);
    if (found === NODE_TOO_SMALL) isSmall = true;
  }
  if (missing.length === 0) return shortages === 0 ? undefined : rejectionOf(shortages);
  const reasons = [...rejectionOf(shortages).reasons, ...missing];
  return { code: isSmall ? 'UnschedulableAndUnresolvable' : 'Unschedulable', reasons };
}

/** Shortages as bits, so that the thousands of nodes which lack the same share one rejection. Each may be one of two. */
const PODS = 1;
const CPU = 2;
const MEMORY = 8;
const STORAGE = 32;
const NODE_FULL = 1;
const NODE_TOO_SMALL = 2;
const TOO_SMALL = NODE_TOO_SMALL * (CPU | MEMORY | STORAGE);
const rejections = new Map<number, Rejection>();
const NOTHING_IGNORED: IsIgnored = () => false;

function shortage(wanted: number, capacity: number, used: number): number {
  if (wanted === 0 || wanted <= capacity - used) return 0;
  return wanted > capacity ? NODE_TOO_SMALL : NODE_FULL;
}

function rejectionOf(shortages: number): Rejection {
  const known = rejections.get(shortages);
  if (known !== undefined) return known;
  const has = (resource: number): boolean => (shortages & (resource * (NODE_FULL | NODE_TOO_SMALL))) !== 0;
  const reasons = [
    ...((shortages & PODS) === 0 ? [] : ['Too many pods']),
    ...(has(CPU) ? ['Insufficient cpu'] : []),
    ...(has(MEMORY) ? ['Insufficient memory'] : []),
    ...(has(STORAGE) ? ['Insufficient ephemeral-storage'] : []),
  ];
  const isSmall = (shortages & TOO_SMALL) !== 0;
  const rejection: Rejection = { code: isSmall ? 'UnschedulableAndUnresolvable' : 'Unschedulable', reasons };
  rejections.set(shortages, rejection);
  return rejection;
}

/** A node that has none of a resource may have devices that stand for it. */
function ignoredBy(
  { ignoredResources = [], ignoredResourceGroups = [] }: NodeResourcesFitArgs,
  classes: Pick<DeviceClasses, 'forResource'>,
): IsIgnored {
  return (name, capacity) =>
    (isExtendedResource(name) &&
      (ignoredResources.includes(name) || ignoredResourceGroups.includes(name.slice(0, name.indexOf('/'))))) ||
    (capacity === 0 && classes.forResource(name) !== undefined);
}

/** Whether the pod requests a resource that the class stands for. */
function namesAnyOf(pod: Pod, { spec }: DeviceClass, ...names: readonly string[]): boolean {
  const { requests } = podInfoOf(pod);
  const all = spec.extendedResourceName === undefined ? names : [...names, spec.extendedResourceName];
  return all.some((name) => requests.scalar.has(name));
}

function fitsEmpty(pod: Pod, node: Node, ignored: IsIgnored): boolean {
  return insufficientResources(podInfoOf(pod), nodeInfoOf(node), ignored) === undefined;
}

/** The node must now be large enough, and larger in something that counts for the pod. */
function mayFitAfterGrowth(pod: Pod, { before, after }: EventObjects<Node>, ignored: IsIgnored): boolean {
  if (!fitsEmpty(pod, after!, ignored)) return false;
  const old = nodeInfoOf(before!);
  const now = nodeInfoOf(after!);
  if (now.allowedPods > old.allowedPods) return true;
  return requestedNames(podInfoOf(pod).requests).some(
    (name) => resourceNamed(now.allocatable, name) > resourceNamed(old.allocatable, name),
  );
}

/** The pod itself asks for less, or a pod on a node freed something it asks for. */
function mayFitAfterScaleDown(pod: Pod, { before, after }: EventObjects<Pod>): boolean {
  if (after!.metadata.uid === pod.metadata.uid) return true;
  if (!after!.spec.nodeName) return false;
  const old = podInfoOf(before!).requests;
  const now = podInfoOf(after!).requests;
  return requestedNames(podInfoOf(pod).requests).some((name) => resourceNamed(old, name) > resourceNamed(now, name));
}

function requestedNames(requests: Resources): readonly string[] {
  const names = ['cpu', 'memory', 'ephemeral-storage', ...requests.scalar.keys()];
  return names.filter((name) => resourceNamed(requests, name) > 0);
}

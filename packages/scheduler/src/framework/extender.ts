import type { Pod } from '@kts/api/types/core-v1';
import type { NodeInfo } from './node-info.ts';
import type { NodeRejections } from './node-rejections.ts';
import { unresolvable, unschedulable, type Candidate } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

/**
 * A helper outside of the scheduler that has a say in its decisions.
 *
 * Mirrors: staging/src/k8s.io/kube-scheduler/framework/extender.go and pkg/scheduler/schedule_one.go (v1.36)
 */
export interface Extender {
  readonly name: string;
  /** Pods are scheduled also without its answer. */
  readonly ignorable: boolean;
  /** Of its scores, from 0 to 10. */
  readonly weight: number;
  readonly isInterested: (pod: Pod) => boolean;
  readonly filter?: (pod: Pod, nodes: readonly NodeInfo[]) => Promise<ExtenderVerdict>;
  /** Scores by node name. */
  readonly prioritize?: (pod: Pod, nodes: readonly NodeInfo[]) => Promise<ReadonlyMap<string, number>>;
  /** The victims it would choose, by node name; nodes that will not do are left out. */
  readonly preempt?: (pod: Pod, candidates: readonly Candidate[]) => Promise<ReadonlyMap<string, ExtenderVictims>>;
  readonly bind?: (pod: Pod, nodeName: string) => Promise<void>;
}

export interface ExtenderVerdict {
  /** Names of the nodes that will do. */
  readonly nodes: readonly string[];
  /** Reasons by node name. */
  readonly failed: Readonly<Record<string, string>>;
  readonly failedAndUnresolvable: Readonly<Record<string, string>>;
}

export interface ExtenderVictims {
  readonly uids: readonly string[];
  readonly violations: number;
}

/** A call that a decision depends on; whoever runs the decision makes it and brings back how it went. */
export type ExtenderCall = () => Promise<unknown>;
export type ExtenderReply = { readonly value: unknown } | { readonly error: Error };

/** A decision, or a part of one, that may have to ask. Without extenders it ends without asking. */
export type Consultation<T> = Generator<ExtenderCall, T, ExtenderReply>;

/** Runs a decision, and asks the extenders what it wants to know of them. */
export async function consult<T>(decision: Consultation<T>): Promise<T> {
  let step = decision.next({ value: undefined });
  while (!step.done) {
    const call = step.value;
    const reply = await call().then(
      (value): ExtenderReply => ({ value }),
      (problem: unknown): ExtenderReply => ({ error: problem instanceof Error ? problem : new Error(String(problem)) }),
    );
    step = decision.next(reply);
  }
  return step.value;
}

/** Stands for all extenders among the plugins that reject a pod. */
export const EXTENDER = 'Extender';
/** From an extender's scores to those of plugins. */
const SCORE_FACTOR = 10;

/** The nodes that all extenders accept; the others are added to the rejections. */
export function* filterByExtenders(
  extenders: readonly Extender[],
  { pod }: PodInfo,
  feasible: readonly NodeInfo[],
  rejections: NodeRejections,
): Consultation<readonly NodeInfo[]> {
  let nodes = feasible;
  for (const extender of extenders) {
    if (nodes.length === 0) break;
    if (extender.filter === undefined || !extender.isInterested(pod)) continue;
    const asked = nodes;
    const reply = yield () => extender.filter!(pod, asked);
    if ('error' in reply) {
      if (extender.ignorable) continue;
      throw reply.error;
    }
    const { nodes: names, failed, failedAndUnresolvable } = reply.value as ExtenderVerdict;
    for (const node of nodes) {
      const lasting = failedAndUnresolvable[node.name];
      const passing = failed[node.name];
      if (lasting !== undefined) rejections.add(node, unresolvable(lasting));
      else if (passing !== undefined) rejections.add(node, unschedulable(passing));
    }
    const accepted = new Set(names);
    nodes = nodes.filter(({ name }) => accepted.has(name));
  }
  return nodes;
}

/** Adds the extenders' scores to `totals`, which belong to `nodes` by position. Extenders that fail give none. */
export function* scoreByExtenders(
  extenders: readonly Extender[],
  { pod }: PodInfo,
  nodes: readonly NodeInfo[],
  totals: readonly number[],
): Consultation<readonly number[]> {
  if (extenders.length === 0) return totals;
  const sums = [...totals];
  for (const extender of extenders) {
    if (extender.prioritize === undefined || !extender.isInterested(pod)) continue;
    const reply = yield () => extender.prioritize!(pod, nodes);
    if ('error' in reply) continue;
    const scores = reply.value as ReadonlyMap<string, number>;
    for (const [index, { name }] of nodes.entries()) {
      sums[index]! += (scores.get(name) ?? 0) * extender.weight * SCORE_FACTOR;
    }
  }
  return sums;
}

/** The candidates for preemption as the extenders change and narrow them. */
export function* preemptWithExtenders(
  extenders: readonly Extender[],
  { pod }: PodInfo,
  candidates: readonly Candidate[],
): Consultation<readonly Candidate[]> {
  let current = candidates;
  for (const extender of extenders) {
    if (extender.preempt === undefined || !extender.isInterested(pod)) continue;
    const asked = current;
    const reply = yield () => extender.preempt!(pod, asked);
    if ('error' in reply) {
      if (extender.ignorable) continue;
      throw reply.error;
    }
    const answer = reply.value as ReadonlyMap<string, ExtenderVictims>;
    current = candidatesOf(extender, current, answer);
    if (current.length === 0) break;
  }
  return current;
}

function candidatesOf(
  extender: Extender,
  candidates: readonly Candidate[],
  answer: ReadonlyMap<string, ExtenderVictims>,
): readonly Candidate[] {
  const changed: Candidate[] = [];
  for (const { node } of candidates) {
    const victims = answer.get(node.name);
    if (victims === undefined) continue;
    if (victims.uids.length === 0) {
      if (extender.ignorable) continue;
      throw new Error(`expected at least one victim pod on node "${node.name}"`);
    }
    const pods = victims.uids.map((uid) => {
      const pod = node.pods.find((other) => other.uid === uid);
      if (pod !== undefined) return pod;
      const claim = `extender: ${extender.name} claims to preempt pod (UID: ${uid}) on node: ${node.name}`;
      throw new Error(`${claim}, but the pod is not found on that node`);
    });
    changed.push({ node, victims: pods, violations: victims.violations });
  }
  return changed;
}

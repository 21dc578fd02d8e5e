import type { Pod } from '@kts/api/types/core-v1';
import type { Binding } from './binding.ts';
import type { ClusterEvent, QueueingHint } from './cluster-event.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Why a pod cannot go to a node.
 * - `Unschedulable`: removing pods from the node might help.
 * - `UnschedulableAndUnresolvable`: preemption cannot help.
 */
export interface Rejection {
  readonly code: 'Unschedulable' | 'UnschedulableAndUnresolvable';
  /** Texts of upstream, which are counted over all nodes for the event and the pod's condition. */
  readonly reasons: readonly string[];
}

export function unschedulable(...reasons: readonly string[]): Rejection {
  return { code: 'Unschedulable', reasons };
}

export function unresolvable(...reasons: readonly string[]): Rejection {
  return { code: 'UnschedulableAndUnresolvable', reasons };
}

/**
 * What `preFilter` makes of a pod: nothing to check (`skip`), no node will do (`reject`), or the state that is handed
 * back to `filter`. `nodeNames` narrows the search to these nodes.
 */
export type PreFilterResult<F> =
  | { readonly skip: true }
  | { readonly reject: Rejection }
  | { readonly state: F; readonly nodeNames?: ReadonlySet<string> };

/** What `preScore` makes of a pod: nothing to score (`skip`), or the state that is handed back to `score`. */
export type PreScoreResult<S> = { readonly skip: true } | { readonly state: S };

export const SKIP = { skip: true } as const;

/** A pod that appears on a node, or disappears from it, in an imagined cluster. */
export interface PodChange {
  readonly pod: PodInfo;
  /** The node before the change. */
  readonly node: NodeInfo;
  readonly sign: 1 | -1;
}

/** What `postFilter` proposes. */
export interface PostFilterResult {
  /** Why not; empty if it found a way. */
  readonly reasons: readonly string[];
  /** The node to nominate; an empty string takes a nomination back; absent leaves it as it is. */
  readonly nominatedNode?: string;
  /** Pods of that node to delete. */
  readonly victims?: readonly PodInfo[];
  /** Something else that is to be written. */
  readonly effect?: Effect;
  /** Where others have a say: the candidates, and what to propose once they are narrowed down. */
  readonly open?: {
    readonly candidates: readonly Candidate[];
    readonly choose: (candidates: readonly Candidate[]) => PostFilterResult;
  };
}

/** Pods of a node that would have to go, the most important first. */
export interface Candidate {
  readonly node: NodeInfo;
  readonly victims: readonly PodInfo[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
}

/** A change of the cluster that follows from a decision; carried out in the background. */
export type Effect = (binding: Binding) => Promise<void>;

/** What a `postFilter` needs of the cycle that has just failed. */
export interface FailedCycle {
  readonly snapshot: Snapshot;
  readonly pod: PodInfo;
  readonly diagnosis: Diagnosis;
  /** The plugins whose `preFilter` was called, by name. */
  readonly asked: ReadonlySet<string>;
  /** What the plugin of this name prepared in its `preFilter`. */
  readonly stateOf: (plugin: string) => unknown;
  /** Runs all filters for the pod on a node of an imagined cluster, nominated pods included. */
  readonly imagine: (node: NodeInfo) => ImaginedNode;
  readonly randomBelow: (bound: number) => number;
  /** Whether others have a say in who is preempted: then the choice is left open. */
  readonly leavesChoice: boolean;
}

/** A node of which pods can be taken away and given back, without consequences. */
export interface ImaginedNode {
  readonly node: NodeInfo;
  without(pod: PodInfo): ImaginedNode;
  with(pod: PodInfo): ImaginedNode;
  /** The first reason against the pod. */
  rejection(): Rejection | undefined;
}

/**
 * A scheduling plugin: one object, every hook optional. Hooks up to `reserve` are pure and synchronous; they throw only
 * for what is wrong with the scheduler or its data, which fails the cycle with reason `SchedulerError`.
 *
 * `F` is what `preFilter` prepares for `filter`, `S` what `preScore` prepares for `score`; plugins without those hooks
 * get `undefined`.
 */
export interface Plugin<F = unknown, S = unknown> {
  readonly name: string;

  /** Loads what the other hooks need for such a pod; `undefined` if nothing is missing. */
  load?(pod: PodInfo): Promise<void> | undefined;
  /** Keeps a pod out of the queue for as long as it returns a reason. */
  preEnqueue?(pod: Pod): Rejection | undefined;
  /** Events after which a pod that this plugin rejected may fit, each with a hint whether it does. */
  readonly requeueOn?: Readonly<Partial<Record<ClusterEvent, QueueingHint>>>;
  /** The order of the queue; exactly one plugin of a profile has it. */
  less?(one: QueuedPod, other: QueuedPod): boolean;

  preFilter?(pod: PodInfo, snapshot: Snapshot): PreFilterResult<F>;
  /** The state as if a pod had appeared or disappeared. Needed where the state depends on pods. */
  adjust?(state: F, pod: PodInfo, change: PodChange): F;
  filter?(pod: PodInfo, node: NodeInfo, state: F): Rejection | undefined;
  postFilter?(cycle: FailedCycle): PostFilterResult;

  /** @param state what `preFilter` prepared, if it did. */
  preScore?(pod: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[], state: F | undefined): PreScoreResult<S>;
  /** An integer; in [0, 100] unless `normalizeScore` brings it there. */
  score?(pod: PodInfo, node: NodeInfo, state: S): number;
  /** Replaces the scores, which belong to `nodes` by position, in place. */
  normalizeScore?(scores: number[], nodes: readonly NodeInfo[], state: S): void;

  /** Claims what the pod will use, before anything is written; `unreserve` takes it back, also after a failed binding. */
  reserve?(pod: PodInfo, node: NodeInfo, state: F, binding: Binding): Rejection | undefined;
  unreserve?(pod: PodInfo, node: NodeInfo, state: F, binding: Binding): void | Promise<void>;
  /** Lets the pod go, refuses it, or makes it wait. */
  permit?(pod: PodInfo, node: NodeInfo, state: F, binding: Binding): Promise<Rejection | undefined>;
  /** Whether `preBind` has something to do; decides whether the pod is nominated meanwhile. */
  needsPreBind?(pod: PodInfo, node: NodeInfo, state: F): boolean;
  preBind?(pod: PodInfo, node: NodeInfo, state: F, binding: Binding): Promise<void>;
  /** The first plugin with this hook binds. */
  bind?(pod: PodInfo, node: NodeInfo, binding: Binding): Promise<void>;
  postBind?(pod: PodInfo, node: NodeInfo, binding: Binding): void;
}

/** What the queue's order may depend on. */
export interface QueuedPod {
  readonly info: PodInfo;
  /** When the pod entered the queue, in milliseconds. */
  readonly timestamp: number;
}

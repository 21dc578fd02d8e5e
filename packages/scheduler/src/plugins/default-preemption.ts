import type { Pod } from '@kts/api/types/core-v1';
import type { PodDisruptionBudget } from '@kts/api/types/policy-v1';
import { assert } from '@kts/base';
import { parseTime } from '@kts/apimachinery';
import { never } from '../framework/cluster-event.ts';
import { fitMessage } from '../framework/diagnosis.ts';
import { selection, type Selection } from '../framework/label-selection.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { NodeRejections } from '../framework/node-rejections.ts';
import {
  unresolvable,
  type Candidate,
  type FailedCycle,
  type ImaginedNode,
  type Plugin,
  type PostFilterResult,
  type Rejection,
} from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { nodeNamed } from '../framework/snapshot.ts';

/**
 * Makes room for a pod by deleting pods of lower priority: tries on each node which of them would have to go, and
 * chooses the node where that hurts least.
 *
 * Mirrors: pkg/scheduler/framework/plugins/defaultpreemption and pkg/scheduler/framework/preemption (v1.36)
 * Differs: no pod groups; of nodes that are equal in every respect, the first one tried is chosen, and
 * where to begin is random.
 */
export interface DefaultPreemptionArgs {
  /** Default 10. */
  readonly minCandidateNodesPercentage?: number;
  /** Default 100. */
  readonly minCandidateNodesAbsolute?: number;
}

interface Budget {
  readonly namespace: string;
  readonly selector: Selection;
  readonly allowed: number;
  /** Pods whose eviction the budget has counted already. */
  readonly disrupted: ReadonlySet<string>;
}

const NOT_HELPFUL = unresolvable('Preemption is not helpful for scheduling');
const NO_VICTIMS = unresolvable('No preemption victims found for incoming pod');
const NO_CANDIDATE = 'no candidate node for preemption';
const WAITING = unresolvable('waiting for the preemption for this pod to be finished');

/** @param isPreempting whether victims of the pod with this uid are still being deleted. */
export function defaultPreemption(
  args: DefaultPreemptionArgs = {},
  isPreempting: (uid: string) => boolean = () => false,
): Plugin {
  return {
    name: 'DefaultPreemption',
    // A victim that goes away wakes the pod through the plugin that rejected it; this one only ends the waiting.
    requeueOn: { 'Pod/Delete': never },
    preEnqueue: (pod) => (isPreempting(pod.metadata.uid) ? WAITING : undefined),
    postFilter: (cycle) => {
      const { open, ...result } = preempt(cycle, args);
      if (open === undefined) return named(result);
      return { ...result, open: { ...open, choose: (candidates) => named(open.choose(candidates)) } };
    },
  };
}

function named(result: PostFilterResult): PostFilterResult {
  return { ...result, reasons: result.reasons.map((reason) => `preemption: ${reason}`) };
}

function preempt(cycle: FailedCycle, args: DefaultPreemptionArgs): PostFilterResult {
  const { pod, snapshot, diagnosis } = cycle;
  const ineligible = whyIneligible(cycle);
  if (ineligible !== undefined) return { reasons: [ineligible] };
  const { candidates, rejections } = dryRun(cycle, diagnosis.rejections.resolvable(), args);
  if (candidates.length === 0) {
    const verdict = { ...diagnosis, rejections, others: NOT_HELPFUL };
    const { preFilterMessage: _, ...reported } = verdict;
    return { reasons: [fitMessage(reported)], nominatedNode: '' };
  }
  const choose = (left: readonly Candidate[]): PostFilterResult => {
    if (left.length === 0) return { reasons: [NO_CANDIDATE] };
    const best = leastHarmful(left, snapshot.now);
    assert(best.victims.length > 0, `nothing to preempt for ${pod.key}`);
    return { reasons: [], nominatedNode: best.node.name, victims: best.victims };
  };
  return cycle.leavesChoice ? { reasons: [], open: { candidates, choose } } : choose(candidates);
}

function whyIneligible({ pod, snapshot, diagnosis }: FailedCycle): string | undefined {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const name = pod.pod.status?.nominatedNodeName;
  if (!name) return undefined;
  // The nominated node has become impossible: look for another one.
  if ((diagnosis.rejections.of(name) ?? diagnosis.others).code === 'UnschedulableAndUnresolvable') return undefined;
  const leaving = nodeNamed(snapshot, name)?.pods.some(
    (other) => other.priority < pod.priority && isPreempted(other.pod),
  );
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isPreempted({ metadata, status }: Pod): boolean {
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  return (
    metadata.deletionTimestamp !== undefined && target?.status === 'True' && target.reason === 'PreemptionByScheduler'
  );
}

/** Tries nodes until there are enough candidates, at least one of which violates no budget. */
function dryRun(
  { pod, snapshot, imagine, randomBelow }: FailedCycle,
  nodes: readonly NodeInfo[],
  { minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }: DefaultPreemptionArgs,
): { readonly candidates: readonly Candidate[]; readonly rejections: NodeRejections } {
  const rejections = new NodeRejections();
  if (nodes.length === 0) return { candidates: [], rejections };
  const share = Math.trunc((nodes.length * minCandidateNodesPercentage) / 100);
  const enough = Math.min(nodes.length, Math.max(share, minCandidateNodesAbsolute));
  const budgets = snapshot.listers.podDisruptionBudgets.list().map(budgetOf);
  const offset = randomBelow(nodes.length);
  const harmless: Candidate[] = [];
  const violating: Candidate[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[(offset + index) % nodes.length]!;
    const outcome = selectVictims(imagine(node), pod, budgets, snapshot.now);
    if ('code' in outcome) {
      rejections.add(node, outcome);
      continue;
    }
    (outcome.violations === 0 ? harmless : violating).push(outcome);
    if (harmless.length > 0 && harmless.length + violating.length >= enough) break;
  }
  return { candidates: [...harmless, ...violating], rejections };
}

/**
 * Takes all pods of lower priority away; if the pod fits then, gives back one after the other those that can stay,
 * beginning with those that budgets protect and with the most important.
 */
function selectVictims(
  full: ImaginedNode,
  pod: PodInfo,
  budgets: readonly Budget[],
  now: number,
): Candidate | Rejection {
  const lower = full.node.pods.filter((other) => other.priority < pod.priority);
  if (lower.length === 0) return NO_VICTIMS;
  let imagined = lower.reduce((node, victim) => node.without(victim), full);
  const rejection = imagined.rejection();
  if (rejection !== undefined) return rejection;
  const { violating, others } = splitByBudget(lower.toSorted(byImportance(now)), budgets);
  const reprieve = (pods: readonly PodInfo[]): readonly PodInfo[] =>
    pods.filter((victim) => {
      const kept = imagined.with(victim);
      if (kept.rejection() !== undefined) return true;
      imagined = kept;
      return false;
    });
  const violations = reprieve(violating);
  const victims = [...violations, ...reprieve(others)].sort(byImportance(now));
  return { node: full.node, victims, violations: violations.length };
}

function budgetOf({ metadata, spec, status }: PodDisruptionBudget): Budget {
  return {
    namespace: metadata.namespace,
    selector: selection(spec?.selector),
    allowed: status?.disruptionsAllowed ?? 0,
    disrupted: new Set(Object.keys(status?.disruptedPods ?? {})),
  };
}

/** In this order, the pods whose deletion one of their budgets would not allow any more, and the others. */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly Budget[],
): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const left = new Map(budgets.map((budget) => [budget, budget.allowed]));
  const isViolating = ({ namespace, pod: { metadata } }: PodInfo): boolean => {
    let violating = false;
    for (const budget of budgets) {
      const { selector, disrupted } = budget;
      if (budget.namespace !== namespace || selector.empty || disrupted.has(metadata.name)) continue;
      if (Object.keys(metadata.labels ?? {}).length === 0 || !selector.matches(metadata.labels)) continue;
      const rest = left.get(budget)! - 1;
      left.set(budget, rest);
      if (rest < 0) violating = true;
    }
    return violating;
  };
  const { violating = [], others = [] } = Object.groupBy(pods, (pod) => (isViolating(pod) ? 'violating' : 'others'));
  return { violating, others };
}

/** Criteria from the weightiest on; on each, more is better. */
function leastHarmful(candidates: readonly Candidate[], now: number): Candidate {
  const criteria: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => -violations,
    ({ victims }) => -victims[0]!.priority,
    // Shifted, so that each victim counts even if its priority is negative.
    ({ victims }) => -victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => -victims.length,
    ({ victims }) => earliestStart(victims, now),
  ];
  let best = candidates;
  for (const criterion of criteria) {
    const values = best.map(criterion);
    const highest = values.reduce((one, other) => Math.max(one, other));
    best = best.filter((_, index) => values[index] === highest);
    if (best.length === 1) break;
  }
  return best[0]!;
}

/** Of the victims with the highest priority. */
function earliestStart(victims: readonly PodInfo[], now: number): number {
  const highest = Math.max(...victims.map(({ priority }) => priority));
  return Math.min(...victims.filter(({ priority }) => priority === highest).map(({ pod }) => startTime(pod, now)));
}

/** Higher priority first, then who runs longer. */
function byImportance(now: number): (one: PodInfo, other: PodInfo) => number {
  return (one, other) => other.priority - one.priority || startTime(one.pod, now) - startTime(other.pod, now);
}

/** A pod that has not started yet counts as starting now. */
function startTime({ status }: Pod, now: number): number {
  return status?.startTime === undefined ? now : parseTime(status.startTime);
}

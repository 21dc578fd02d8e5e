import type { Random } from '@kts/base';
import { filterNode, guarded, imagineNode, prepareCycle, type Cycle, type PreparedCycle } from './cycle.ts';
import { fitMessage, joinReasons, type Diagnosis } from './diagnosis.ts';
import type { NodeInfo } from './node-info.ts';
import { NodeRejections } from './node-rejections.ts';
import { unresolvable, type Effect, type FailedCycle, type PostFilterResult, type Rejection } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Profile } from './profile.ts';
import { nodeNamed, type Snapshot } from './snapshot.ts';

/**
 * One scheduling cycle, as a function: which node the pod goes to, or why none will do and what might help.
 *
 * Mirrors: pkg/scheduler/schedule_one.go (v1.36)
 * Differs: nodes are looked at one after the other, so that the same seed gives the same decision; there are no
 * extenders and no pod groups.
 */
export type Decision = Scheduled | Unschedulable | CycleFailed;

export interface Scheduled {
  readonly kind: 'scheduled';
  readonly node: NodeInfo;
  /** For the hooks that carry the decision out. */
  readonly cycle: Cycle;
  readonly evaluatedNodes: number;
  readonly feasibleNodes: number;
  readonly nextStartNodeIndex: number;
}

export interface Unschedulable {
  readonly kind: 'unschedulable';
  readonly message: string;
  /** The plugins whose events bring the pod back; none: it is tried again after a while. */
  readonly unschedulablePlugins: ReadonlySet<string>;
  /** The node to nominate; an empty string takes a nomination back; absent leaves it as it is. */
  readonly nominatedNode?: string;
  /** Pods on the nominated node that must be deleted. */
  readonly victims: readonly PodInfo[];
  /** What else is to be written so that the pod may fit. */
  readonly effects: readonly Effect[];
  readonly nextStartNodeIndex: number;
}

export interface CycleFailed {
  readonly kind: 'failed';
  readonly message: string;
}

export const NO_NODES_MESSAGE = 'no nodes available to schedule pods';
const SCORE_MAX = 100;

export function scheduleOne(snapshot: Snapshot, pod: PodInfo, profile: Profile, random: Random): Decision {
  if (snapshot.nodes.length === 0) {
    const unschedulablePlugins = new Set<string>();
    return {
      kind: 'unschedulable',
      message: NO_NODES_MESSAGE,
      unschedulablePlugins,
      nominatedNode: '',
      victims: [],
      effects: [],
      nextStartNodeIndex: 0,
    };
  }
  try {
    const prepared = prepareCycle(snapshot, pod, profile);
    if (prepared.rejected) return notPrepared(prepared, prepared.rejected.rejection, profile, random);
    const search = findFeasibleNodes(prepared, profile);
    if (search.feasible.length === 0) return noFit(prepared.cycle, search.diagnosis, search.next, profile, random);
    return {
      kind: 'scheduled',
      node: selectNode(prepared.cycle, search.feasible, profile, random),
      cycle: prepared.cycle,
      evaluatedNodes: search.feasible.length + search.diagnosis.rejections.size,
      feasibleNodes: search.feasible.length,
      nextStartNodeIndex: search.next,
    };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

interface Search {
  readonly feasible: readonly NodeInfo[];
  readonly diagnosis: Diagnosis;
  readonly next: number;
}

/** The nominated node if it fits; else as many feasible nodes as are worth scoring. */
function findFeasibleNodes({ cycle, narrowed }: PreparedCycle, profile: Profile): Search {
  const { snapshot, pod } = cycle;
  const start = snapshot.startNodeIndex;
  const nominated = nodeNamed(snapshot, pod.pod.status?.nominatedNodeName ?? '');
  if (nominated && filterEach(cycle, 1, () => nominated, 1).feasible.length > 0) {
    return { feasible: [nominated], diagnosis: diagnosisOf(snapshot, new NodeRejections(), new Set()), next: start };
  }
  const candidates = narrowed && [...narrowed.nodeNames].flatMap((name) => nodeNamed(snapshot, name) ?? []);
  const count = candidates ? candidates.length : snapshot.nodes.length;
  const wanted = profile.at.score.length > 0 ? nodesToFind(profile.percentageOfNodesToScore ?? 0, count) : 1;
  const nodeAt = candidates
    ? (index: number) => candidates[(start + index) % count]!
    : (index: number) => snapshot.nodes.at((start + index) % count);
  const { feasible, rejections, plugins } = filterEach(cycle, count, nodeAt, wanted);
  for (const plugin of narrowed?.plugins ?? []) plugins.add(plugin);
  const others = narrowed && unresolvable(`node(s) didn't satisfy plugin(s) [${narrowed.plugins.join(' ')}]`);
  const next = (start + feasible.length + rejections.size) % snapshot.nodes.length;
  return { feasible, diagnosis: diagnosisOf(snapshot, rejections, plugins, others), next };
}

function filterEach(cycle: Cycle, count: number, nodeAt: (index: number) => NodeInfo, wanted: number) {
  const feasible: NodeInfo[] = [];
  const rejections = new NodeRejections();
  const plugins = new Set<string>();
  for (let index = 0; index < count && feasible.length < wanted; index++) {
    const node = nodeAt(index);
    const rejected = filterNode(cycle, node);
    if (rejected === undefined) {
      feasible.push(node);
    } else {
      rejections.add(node, rejected.rejection);
      plugins.add(rejected.plugin);
    }
  }
  return { feasible, rejections, plugins };
}

/** Below this number every feasible node is scored. */
const FEASIBLE_NODES_MIN = 100;
const FEASIBLE_PERCENTAGE_MIN = 5;

/** How many feasible nodes to look for: all of a small cluster, 5 % of a very large one. */
export function nodesToFind(percentage: number, nodes: number): number {
  if (nodes < FEASIBLE_NODES_MIN) return nodes;
  const share = percentage || Math.max(FEASIBLE_PERCENTAGE_MIN, 50 - Math.trunc(nodes / 125));
  return Math.max(FEASIBLE_NODES_MIN, Math.trunc((nodes * share) / 100));
}

/** The node with the highest score; among equals each is as likely as the others. */
function selectNode(cycle: Cycle, nodes: readonly NodeInfo[], profile: Profile, random: Random): NodeInfo {
  if (nodes.length === 1) return nodes[0]!;
  const totals = totalScores(cycle, nodes, profile);
  let best = 0;
  let ties = 1;
  for (let index = 1; index < nodes.length; index++) {
    if (totals[index]! > totals[best]!) {
      best = index;
      ties = 1;
    } else if (totals[index] === totals[best] && random.integer(++ties) === 0) {
      best = index;
    }
  }
  return nodes[best]!;
}

/** The weighted sum of all scores, by position in `nodes`. */
export function totalScores(cycle: Cycle, nodes: readonly NodeInfo[], profile: Profile): readonly number[] {
  const { pod, snapshot } = cycle;
  const totals = nodes.map(() => 0);
  const scores = nodes.map(() => 0);
  for (const { plugin, weight } of profile.at.score) {
    guarded(`running Score plugin "${plugin.name}"`, () => {
      const prepared = plugin.preScore?.(pod, snapshot, nodes, cycle.states.get(plugin));
      if (prepared && 'skip' in prepared) return;
      for (let index = 0; index < nodes.length; index++) {
        scores[index] = plugin.score!(pod, nodes[index]!, prepared?.state);
      }
      plugin.normalizeScore?.(scores, nodes, prepared?.state);
      for (let index = 0; index < nodes.length; index++) {
        const score = scores[index]!;
        if (!(score >= 0 && score <= SCORE_MAX))
          throw new Error(`invalid score ${score}, it should be in [0, ${SCORE_MAX}]`);
        totals[index]! += score * weight;
      }
    });
  }
  return totals;
}

function notPrepared(
  { cycle, rejected, narrowed }: PreparedCycle,
  rejection: Rejection,
  profile: Profile,
  random: Random,
): Decision {
  const plugins = new Set(narrowed?.plugins);
  if (rejected!.plugin) plugins.add(rejected!.plugin);
  const diagnosis: Diagnosis = {
    ...diagnosisOf(cycle.snapshot, new NodeRejections(), plugins, rejection),
    preFilterMessage: joinReasons(rejection.reasons),
  };
  return noFit(cycle, diagnosis, cycle.snapshot.startNodeIndex, profile, random);
}

function noFit(cycle: Cycle, diagnosis: Diagnosis, next: number, profile: Profile, random: Random): Unschedulable {
  const outcome = runPostFilters(cycle, diagnosis, profile, random);
  return {
    kind: 'unschedulable',
    message: fitMessage(diagnosis, joinReasons(outcome.reasons)),
    unschedulablePlugins: diagnosis.unschedulablePlugins,
    ...(outcome.nominatedNode !== undefined && { nominatedNode: outcome.nominatedNode }),
    victims: outcome.victims ?? [],
    effects: outcome.effects,
    nextStartNodeIndex: next,
  };
}

/** The first plugin that finds a way ends the search, and so does one that fails; otherwise all reasons are told. */
function runPostFilters(
  cycle: Cycle,
  diagnosis: Diagnosis,
  profile: Profile,
  random: Random,
): Omit<PostFilterResult, 'effect'> & { readonly effects: readonly Effect[] } {
  const effects: Effect[] = [];
  if (profile.at.postFilter.length === 0) return { reasons: [], nominatedNode: '', effects };
  const { snapshot, pod, asked } = cycle;
  const failed: FailedCycle = {
    snapshot,
    pod,
    asked,
    stateOf: (name) => [...cycle.states].find(([plugin]) => plugin.name === name)?.[1],
    diagnosis,
    imagine: (node) => imagineNode(cycle, node),
    randomBelow: (bound) => random.integer(bound),
  };
  const reasons: string[] = [];
  let nomination: Pick<PostFilterResult, 'nominatedNode'> = {};
  for (const { plugin } of profile.at.postFilter) {
    try {
      const result = plugin.postFilter!(failed);
      if (result.effect !== undefined) effects.push(result.effect);
      if (result.reasons.length === 0) return { ...result, effects };
      reasons.push(...result.reasons);
      if (result.nominatedNode !== undefined) nomination = { nominatedNode: result.nominatedNode };
    } catch (error) {
      return { reasons: [error instanceof Error ? error.message : String(error)], effects };
    }
  }
  return { reasons, ...nomination, effects };
}

const NOT_EVALUATED = unresolvable();

function diagnosisOf(
  snapshot: Snapshot,
  rejections: NodeRejections,
  unschedulablePlugins: ReadonlySet<string>,
  others = NOT_EVALUATED,
): Diagnosis {
  return { nodeCount: snapshot.nodes.length, rejections, others, unschedulablePlugins };
}

import { assert, type Random } from '@kts/base';
import { filterNode, guarded, imagineNode, prepareCycle, type Cycle, type PreparedCycle } from './cycle.ts';
import { fitMessage, joinReasons, type Diagnosis } from './diagnosis.ts';
import {
  EXTENDER,
  filterByExtenders,
  preemptWithExtenders,
  scoreByExtenders,
  type Consultation,
  type Extender,
} from './extender.ts';
import type { NodeInfo } from './node-info.ts';
import { NodeRejections } from './node-rejections.ts';
import { unresolvable, type Effect, type FailedCycle, type PostFilterResult, type Rejection } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { ExtensionPoint, Profile } from './profile.ts';
import { nodeNamed, type Snapshot } from './snapshot.ts';

/**
 * One scheduling cycle, as a function: which node the pod goes to, or why none will do and what might help.
 *
 * Mirrors: pkg/scheduler/schedule_one.go (v1.36)
 * Differs: nodes are looked at one after the other, so that the same seed gives the same decision; extenders score one
 * after the other; there are no pod groups.
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

/** What a decision may be given besides the cluster and the pod. */
export interface DecisionOptions {
  readonly profile: Profile;
  readonly random: Random;
  /** In the order in which they are asked. */
  readonly extenders?: readonly Extender[];
  /** Told how long the hooks of an extension point took, in milliseconds. */
  readonly stopwatch?: Stopwatch;
}

export interface Stopwatch {
  monotonic(): number;
  observe(point: ExtensionPoint, isSuccess: boolean, ms: number): void;
}

/** Decides without extenders. */
export function scheduleOne(snapshot: Snapshot, pod: PodInfo, profile: Profile, random: Random): Decision {
  return decideAlone(decide(snapshot, pod, { profile, random }));
}

/** The end of a decision that asks nobody. */
export function decideAlone(decision: Consultation<Decision>): Decision {
  const result = decision.next({ value: undefined });
  assert(result.done === true, 'a decision without extenders does not ask');
  return result.value;
}

export function* decide(snapshot: Snapshot, pod: PodInfo, options: DecisionOptions): Consultation<Decision> {
  if (snapshot.nodes.length === 0) return noNodes();
  const { profile, stopwatch } = options;
  try {
    const prepared = timed(stopwatch, 'preFilter', () => prepareCycle(snapshot, pod, profile));
    const { cycle } = prepared;
    if (prepared.rejected) return yield* notPrepared(prepared, prepared.rejected.rejection, options);
    const search = yield* findFeasibleNodes(prepared, options);
    const { feasible, diagnosis, next } = search;
    if (feasible.length === 0) return yield* noFit(cycle, diagnosis, next, options);
    return {
      kind: 'scheduled',
      node: yield* selectNode(cycle, feasible, options),
      cycle,
      evaluatedNodes: feasible.length + diagnosis.rejections.size,
      feasibleNodes: feasible.length,
      nextStartNodeIndex: next,
    };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function* selectNode(
  cycle: Cycle,
  nodes: readonly NodeInfo[],
  { profile, random, extenders = [], stopwatch }: DecisionOptions,
): Consultation<NodeInfo> {
  if (nodes.length === 1) return nodes[0]!;
  const totals = timed(stopwatch, 'score', () => totalScores(cycle, nodes, profile));
  return highest(nodes, yield* scoreByExtenders(extenders, cycle.pod, nodes, totals), random);
}

function noNodes(): Unschedulable {
  return {
    kind: 'unschedulable',
    message: NO_NODES_MESSAGE,
    unschedulablePlugins: new Set(),
    nominatedNode: '',
    victims: [],
    effects: [],
    nextStartNodeIndex: 0,
  };
}

interface Search {
  readonly feasible: readonly NodeInfo[];
  readonly diagnosis: Diagnosis;
  readonly next: number;
}

/** The nominated node if it fits; else as many feasible nodes as are worth scoring. */
function* findFeasibleNodes({ cycle, narrowed }: PreparedCycle, options: DecisionOptions): Consultation<Search> {
  const { snapshot, pod } = cycle;
  const { profile, extenders = [], stopwatch } = options;
  const start = snapshot.startNodeIndex;
  const nominated = nodeNamed(snapshot, pod.pod.status?.nominatedNodeName ?? '');
  if (nominated) {
    const fits = filterEach(cycle, 1, () => nominated, 1).feasible;
    const accepted = yield* filterByExtenders(extenders, pod, fits, new NodeRejections());
    if (accepted.length > 0) {
      return { feasible: accepted, diagnosis: diagnosisOf(snapshot, new NodeRejections(), new Set()), next: start };
    }
  }
  const candidates = narrowed && [...narrowed.nodeNames].flatMap((name) => nodeNamed(snapshot, name) ?? []);
  const count = candidates ? candidates.length : snapshot.nodes.length;
  const wanted = mattersHowMany(options) ? nodesToFind(profile.percentageOfNodesToScore ?? 0, count) : 1;
  const nodeAt = candidates
    ? (index: number) => candidates[(start + index) % count]!
    : (index: number) => snapshot.nodes.at((start + index) % count);
  const found = timed(stopwatch, 'filter', () => filterEach(cycle, count, nodeAt, wanted));
  const { feasible, rejections, plugins } = found;
  const next = (start + feasible.length + rejections.size) % snapshot.nodes.length;
  const accepted = yield* filterByExtenders(extenders, pod, feasible, rejections);
  if (accepted.length < feasible.length) plugins.add(EXTENDER);
  for (const plugin of narrowed?.plugins ?? []) plugins.add(plugin);
  const others = narrowed && unresolvable(`node(s) didn't satisfy plugin(s) [${narrowed.plugins.join(' ')}]`);
  return { feasible: accepted, diagnosis: diagnosisOf(snapshot, rejections, plugins, others), next };
}

/** With nothing to filter or score by later, the first feasible node is as good as any. */
function mattersHowMany({ profile, extenders = [] }: DecisionOptions): boolean {
  return profile.at.score.length > 0 || extenders.some(({ filter, prioritize }) => filter ?? prioritize);
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
function highest(nodes: readonly NodeInfo[], totals: readonly number[], random: Random): NodeInfo {
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

function* notPrepared(
  { cycle, rejected, narrowed }: PreparedCycle,
  rejection: Rejection,
  options: DecisionOptions,
): Consultation<Decision> {
  const plugins = new Set(narrowed?.plugins);
  if (rejected!.plugin) plugins.add(rejected!.plugin);
  const diagnosis: Diagnosis = {
    ...diagnosisOf(cycle.snapshot, new NodeRejections(), plugins, rejection),
    preFilterMessage: joinReasons(rejection.reasons),
  };
  return yield* noFit(cycle, diagnosis, cycle.snapshot.startNodeIndex, options);
}

function* noFit(
  cycle: Cycle,
  diagnosis: Diagnosis,
  next: number,
  options: DecisionOptions,
): Consultation<Unschedulable> {
  const outcome = yield* runPostFilters(cycle, diagnosis, options);
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
function* runPostFilters(
  cycle: Cycle,
  diagnosis: Diagnosis,
  { profile, random, extenders = [], stopwatch }: DecisionOptions,
): Consultation<Omit<PostFilterResult, 'effect' | 'open'> & { readonly effects: readonly Effect[] }> {
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
    leavesChoice: extenders.some(({ preempt, isInterested }) => preempt !== undefined && isInterested(pod.pod)),
  };
  const reasons: string[] = [];
  let nomination: Pick<PostFilterResult, 'nominatedNode'> = {};
  for (const { plugin } of profile.at.postFilter) {
    try {
      const { open, effect, ...first } = timed(stopwatch, 'postFilter', () => plugin.postFilter!(failed));
      if (effect !== undefined) effects.push(effect);
      const result = open ? open.choose(yield* preemptWithExtenders(extenders, pod, open.candidates)) : first;
      if (result.reasons.length === 0) return { ...result, effects };
      reasons.push(...result.reasons);
      if (result.nominatedNode !== undefined) nomination = { nominatedNode: result.nominatedNode };
    } catch (error) {
      return { reasons: [error instanceof Error ? error.message : String(error)], effects };
    }
  }
  return { reasons, ...nomination, effects };
}

function timed<T>(stopwatch: Stopwatch | undefined, point: ExtensionPoint, hooks: () => T): T {
  if (stopwatch === undefined) return hooks();
  const started = stopwatch.monotonic();
  let isSuccess = false;
  try {
    const result = hooks();
    isSuccess = true;
    return result;
  } finally {
    stopwatch.observe(point, isSuccess, stopwatch.monotonic() - started);
  }
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

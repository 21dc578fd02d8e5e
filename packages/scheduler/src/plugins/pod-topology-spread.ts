import type { Pod } from '@kts/api/types/core-v1';
import { Aggregates } from '../framework/aggregate.ts';
import { labelOf } from '../framework/label-selection.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import {
  SKIP,
  unresolvable,
  unschedulable,
  type Plugin,
  type PodChange,
  type PreScoreResult,
} from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Snapshot } from '../framework/snapshot.ts';
import { DomainCounts } from './domain-counts.ts';
import { podTopologySpreadEvents } from './pod-topology-spread-events.ts';
import {
  constraintsOf,
  countPods,
  countsNode,
  hasAllTopologies,
  nodesSignature,
  type DefaultConstraint,
  type SpreadConstraint,
} from './topology-spread-constraint.ts';

/**
 * Spreads the pods that belong together over zones, nodes or other domains.
 *
 * Mirrors: pkg/scheduler/framework/plugins/podtopologyspread (v1.36)
 * Differs: pods per domain are counted once and kept up to date, instead of once per cycle.
 */
export interface PodTopologySpreadArgs {
  /** For pods without constraints of their own; absent: the system's. */
  readonly defaultConstraints?: readonly DefaultConstraint[];
}

/** A constraint that must hold, with the pods it counts. */
interface HardConstraint {
  readonly constraint: SpreadConstraint;
  readonly counts: DomainCounts;
  /** Pods that come or go in an imagined cluster. */
  readonly changes: ReadonlyMap<string, number>;
  /** Pods in the domain that has fewest; 0 as long as there are too few domains. */
  readonly fewest: number;
  /** 1 if the pod itself will be counted. */
  readonly self: number;
}

/** A constraint that should hold. */
interface SoftConstraint {
  readonly constraint: SpreadConstraint;
  readonly podsNear: (node: NodeInfo, domain: string) => number;
  /** Makes domains of different numbers comparable. */
  readonly weight: number;
}

interface SpreadScores {
  readonly constraints: readonly SoftConstraint[];
  readonly ignored: ReadonlySet<NodeInfo>;
}

const HOSTNAME = 'kubernetes.io/hostname';
/** How many counts, of different constraints, are kept up to date. */
const COUNTS_MAX = 512;

const SYSTEM_DEFAULTS: readonly DefaultConstraint[] = [
  { topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

const MISMATCH = unschedulable("node(s) didn't match pod topology spread constraints");
const MISSING_LABEL = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");

export function podTopologySpread(args: PodTopologySpreadArgs = {}): Plugin<readonly HardConstraint[], SpreadScores> {
  const defaults = args.defaultConstraints ?? SYSTEM_DEFAULTS;
  const domains = new Aggregates(() => new DomainCounts(), COUNTS_MAX);
  const nodes = new Aggregates(() => new Map<string, number>(), COUNTS_MAX);
  return {
    name: 'PodTopologySpread',
    requeueOn: podTopologySpreadEvents,
    preFilter: ({ pod }, snapshot) => {
      const constraints = constraintsOf(pod, 'DoNotSchedule', defaults, snapshot.listers);
      if (constraints.length === 0) return SKIP;
      return {
        state: constraints.map((constraint) => {
          const counts = countDomains(domains, snapshot, pod, constraint, constraints);
          const self = constraint.selector.matches(pod.metadata.labels) ? 1 : 0;
          return hardConstraint(constraint, counts, self, new Map());
        }),
      };
    },
    adjust: adjustCounts,
    filter: (_, node, state) => {
      for (const { constraint, counts, changes, fewest, self } of state) {
        const domain = labelOf(node.labels, constraint.topologyKey);
        if (domain === undefined) return MISSING_LABEL;
        const pods = counts.podsIn(domain) + (changes.get(domain) ?? 0);
        if (pods + self - fewest > constraint.maxSkew) return MISMATCH;
      }
      return undefined;
    },
    preScore: ({ pod }, snapshot, feasible) => {
      const constraints = constraintsOf(pod, 'ScheduleAnyway', defaults, snapshot.listers);
      if (constraints.length === 0) return SKIP;
      // Where the system's defaults apply, nodes without zones are fine.
      const strict = Boolean(pod.spec.topologySpreadConstraints?.length) || args.defaultConstraints !== undefined;
      return prepareScores(constraints, strict, feasible, (constraint) =>
        constraint.topologyKey === HOSTNAME
          ? countNodes(nodes, snapshot, pod, constraint)
          : countZones(domains, snapshot, pod, constraint, strict ? constraints : []),
      );
    },
    score: (_, node, { constraints, ignored }) => {
      if (ignored.has(node)) return 0;
      let score = 0;
      for (const { constraint, podsNear, weight } of constraints) {
        const domain = labelOf(node.labels, constraint.topologyKey);
        if (domain !== undefined) score += podsNear(node, domain) * weight + (constraint.maxSkew - 1);
      }
      return Math.round(score);
    },
    normalizeScore: normalizeSpread,
  };
}

function hardConstraint(
  constraint: SpreadConstraint,
  counts: DomainCounts,
  self: number,
  changes: ReadonlyMap<string, number>,
): HardConstraint {
  const fewest = counts.size < constraint.minDomains ? 0 : counts.fewestWith(changes);
  return { constraint, counts, self, changes, fewest };
}

/** Counts on nodes that have all the topologies that matter, and on which the pod's policies count pods at all. */
function countDomains(
  domains: Aggregates<DomainCounts>,
  snapshot: Snapshot,
  pod: Pod,
  constraint: SpreadConstraint,
  all: readonly SpreadConstraint[],
): DomainCounts {
  const { topologyKey, selector } = constraint;
  const { namespace } = pod.metadata;
  const keys = all.map((other) => other.topologyKey).join(',');
  const key = `${namespace}|${topologyKey}|${selector.signature}|${keys}|${nodesSignature(constraint, pod)}`;
  const isCounted = countsNode(constraint, pod);
  return domains.of(key, snapshot.nodes, (counts, node, sign) => {
    if (!hasAllTopologies(node, all) || !isCounted(node)) return;
    counts.change(labelOf(node.labels, topologyKey) ?? '', countPods(node, selector, namespace), sign);
  });
}

function countZones(
  domains: Aggregates<DomainCounts>,
  snapshot: Snapshot,
  pod: Pod,
  constraint: SpreadConstraint,
  required: readonly SpreadConstraint[],
): SoftConstraint['podsNear'] {
  const counts = countDomains(domains, snapshot, pod, constraint, required);
  return (_, domain) => counts.podsIn(domain);
}

function countNodes(
  nodes: Aggregates<Map<string, number>>,
  snapshot: Snapshot,
  pod: Pod,
  { selector }: SpreadConstraint,
): SoftConstraint['podsNear'] {
  const { namespace } = pod.metadata;
  const counts = nodes.of(`${namespace}|${selector.signature}`, snapshot.nodes, (sum, node, sign) => {
    const pods = countPods(node, selector, namespace);
    if (sign === -1) sum.delete(node.name);
    else if (pods > 0) sum.set(node.name, pods);
  });
  return (node) => counts.get(node.name) ?? 0;
}

function adjustCounts(
  state: readonly HardConstraint[],
  { pod }: PodInfo,
  change: PodChange,
): readonly HardConstraint[] {
  const { node, sign, pod: other } = change;
  const all = state.map(({ constraint }) => constraint);
  if (other.namespace !== pod.metadata.namespace || !hasAllTopologies(node, all)) return state;
  return state.map((hard) => {
    const { constraint, counts, self, changes } = hard;
    if (!constraint.selector.matches(other.pod.metadata.labels) || !countsNode(constraint, pod)(node)) return hard;
    const domain = labelOf(node.labels, constraint.topologyKey)!;
    return hardConstraint(constraint, counts, self, new Map(changes).set(domain, (changes.get(domain) ?? 0) + sign));
  });
}

function prepareScores(
  constraints: readonly SpreadConstraint[],
  strict: boolean,
  feasible: readonly NodeInfo[],
  podsNear: (constraint: SpreadConstraint) => SoftConstraint['podsNear'],
): PreScoreResult<SpreadScores> {
  const ignored = new Set(strict ? feasible.filter((node) => !hasAllTopologies(node, constraints)) : []);
  const domainsOf = ({ topologyKey }: SpreadConstraint): number => {
    if (topologyKey === HOSTNAME) return feasible.length - ignored.size;
    const names = new Set<string>();
    for (const node of feasible) if (!ignored.has(node)) names.add(labelOf(node.labels, topologyKey) ?? '');
    return names.size;
  };
  return {
    state: {
      ignored,
      constraints: constraints.map((constraint) => ({
        constraint,
        podsNear: podsNear(constraint),
        weight: Math.log(domainsOf(constraint) + 2),
      })),
    },
  };
}

/** Few pods nearby become a high score; nodes without the topologies get none. */
function normalizeSpread(scores: number[], nodes: readonly NodeInfo[], { ignored }: SpreadScores): void {
  let lowest = Infinity;
  let highest = 0;
  for (let index = 0; index < scores.length; index++) {
    if (ignored.has(nodes[index]!)) continue;
    lowest = Math.min(lowest, scores[index]!);
    highest = Math.max(highest, scores[index]!);
  }
  for (let index = 0; index < scores.length; index++) {
    if (ignored.has(nodes[index]!)) scores[index] = 0;
    else if (highest === 0) scores[index] = 100;
    else scores[index] = Math.trunc((100 * (highest + lowest - scores[index]!)) / highest);
  }
}

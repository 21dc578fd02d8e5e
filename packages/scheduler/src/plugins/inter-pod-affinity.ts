import type { Pod } from '@kts/api/types/core-v1';
import { allTermsMatch, resolveNamespaces, termMatches, type AffinityTerm } from '../framework/affinity-term.ts';
import { Aggregates, count } from '../framework/aggregate.ts';
import { labelOf, type Labels } from '../framework/label-selection.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { SKIP, unresolvable, unschedulable, type Plugin, type PodChange } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { Snapshot } from '../framework/snapshot.ts';
import { interPodAffinityEvents } from './inter-pod-affinity-events.ts';

/**
 * Places pods near other pods, or away from them, as both sides ask.
 *
 * Mirrors: pkg/scheduler/framework/plugins/interpodaffinity (v1.36)
 * Differs: pods per topology domain are counted once for every term and kept up to date, instead of once per cycle.
 */
export interface InterPodAffinityArgs {
  /** What the required affinity of a running pod is worth to one that it matches. Default 1. */
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

/** Pods by the value of one node label. */
type Domains = ReadonlyMap<string, number>;

/** Pods that count for a term, with those that come or go in an imagined cluster. */
interface TermCounts {
  readonly topologyKey: string;
  readonly domains: Domains;
  readonly changes: Domains;
}

interface AffinityState {
  readonly namespaceLabels: Labels | undefined;
  /** The pod's own required terms, with the namespaces they select now. */
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  /** By position as in `affinity`: pods that match all of them. */
  readonly near: readonly TermCounts[];
  /** By position as in `antiAffinity`. */
  readonly away: readonly TermCounts[];
  /** Running pods that do not want the pod in their domain, by the signature of their term. */
  readonly unwanted: ReadonlyMap<string, TermCounts>;
}

/** Adds `weight` for each pod in the node's domain. */
interface Attraction {
  readonly topologyKey: string;
  readonly domains: Domains;
  readonly weight: number;
}

/** A term of pods that are running, and how many of them have it in which domain. */
interface ExistingTerm {
  readonly term: AffinityTerm;
  readonly weight: number;
  readonly domains: Map<string, number>;
}

/** How many counts, of different terms, are kept up to date. */
const COUNTS_MAX = 512;

const AFFINITY_MISMATCH = unresolvable("node(s) didn't match pod affinity rules");
const ANTI_AFFINITY_MISMATCH = unschedulable("node(s) didn't match pod anti-affinity rules");
const UNWANTED = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
const NO_CHANGES: Domains = new Map();

export function interPodAffinity(args: InterPodAffinityArgs = {}): Plugin<AffinityState, readonly Attraction[]> {
  const matching = new Aggregates(() => new Map<string, number>(), COUNTS_MAX);
  const existing = new Aggregates(() => new Map<string, ExistingTerm>(), COUNTS_MAX);
  return {
    name: 'InterPodAffinity',
    requeueOn: interPodAffinityEvents,
    preFilter: (pod, snapshot) => {
      const state = affinityState(pod, snapshot, matching, existing);
      const nothing = state.affinity.length === 0 && state.antiAffinity.length === 0 && state.unwanted.size === 0;
      return nothing ? SKIP : { state };
    },
    adjust: adjustState,
    filter: ({ pod }, { labels }, state) => {
      if (!isNear(state, pod, labels)) return AFFINITY_MISMATCH;
      if (state.away.some((term) => podsOf(term, labels) > 0)) return ANTI_AFFINITY_MISMATCH;
      for (const term of state.unwanted.values()) if (podsOf(term, labels) > 0) return UNWANTED;
      return undefined;
    },
    preScore: (pod, snapshot) => {
      const prefers = pod.preferredAffinity.length > 0 || pod.preferredAntiAffinity.length > 0;
      if (args.ignorePreferredTermsOfExistingPods && !prefers) return SKIP;
      const weight = args.hardPodAffinityWeight ?? 1;
      const attractions = [
        ...ownAttractions(pod, snapshot, matching),
        ...existingAttractions(pod, snapshot, existing, weight),
      ].filter(({ domains }) => domains.size > 0);
      return attractions.length === 0 ? SKIP : { state: attractions };
    },
    score: (_, { labels }, attractions) => {
      let score = 0;
      for (const { topologyKey, domains, weight } of attractions) {
        const domain = labelOf(labels, topologyKey);
        if (domain !== undefined) score += weight * (domains.get(domain) ?? 0);
      }
      return score;
    },
    normalizeScore: normalizeToRange,
  };
}

function affinityState(
  info: PodInfo,
  snapshot: Snapshot,
  matching: Aggregates<Map<string, number>>,
  existing: Aggregates<Map<string, ExistingTerm>>,
): AffinityState {
  const namespaceLabels = namespaceLabelsOf(snapshot, info);
  const resolved = (terms: readonly AffinityTerm[]): readonly AffinityTerm[] =>
    terms.map((term) => resolveIn(snapshot, term));
  const affinity = resolved(info.requiredAffinity);
  const antiAffinity = resolved(info.requiredAntiAffinity);
  const counts = (term: AffinityTerm, domains: Domains): TermCounts => ({
    topologyKey: term.topologyKey,
    domains,
    changes: NO_CHANGES,
  });
  return {
    namespaceLabels,
    affinity,
    antiAffinity,
    near: affinity.map((term) => counts(term, countMatching(matching, snapshot, affinity, term.topologyKey))),
    away: antiAffinity.map((term) => counts(term, countMatching(matching, snapshot, [term], term.topologyKey))),
    unwanted: new Map(
      [...existingAntiAffinity(snapshot, existing).values()]
        .filter(({ term }) => termMatches(term, info.pod, namespaceLabels))
        .map(({ term, domains }) => [term.signature, counts(term, domains)]),
    ),
  };
}

/** Pods on all nodes that match all the terms, by the value of a node label. */
function countMatching(
  matching: Aggregates<Map<string, number>>,
  snapshot: Snapshot,
  terms: readonly AffinityTerm[],
  topologyKey: string,
): Domains {
  const key = `${topologyKey}|${terms.map(({ signature }) => signature).join('|')}`;
  return matching.of(key, snapshot.nodes, (domains, node, sign) => {
    const domain = labelOf(node.labels, topologyKey);
    if (domain === undefined) return;
    let pods = 0;
    for (const { pod } of node.pods) if (allTermsMatch(terms, pod)) pods++;
    if (pods > 0) count(domains, domain, sign * pods);
  });
}

function existingAntiAffinity(
  snapshot: Snapshot,
  existing: Aggregates<Map<string, ExistingTerm>>,
): ReadonlyMap<string, ExistingTerm> {
  return existing.of('required anti-affinity', snapshot.nodes, (terms, node, sign) => {
    for (const pod of node.podsWithAffinity) {
      for (const term of pod.requiredAntiAffinity) countExisting(terms, node, term, 1, sign);
    }
  });
}

function countExisting(
  terms: Map<string, ExistingTerm>,
  node: NodeInfo,
  term: AffinityTerm,
  weight: number,
  sign: 1 | -1,
): void {
  const domain = labelOf(node.labels, term.topologyKey);
  if (domain === undefined) return;
  const key = `${weight}|${term.signature}`;
  const entry = terms.getOrInsertComputed(key, () => ({ term, weight, domains: new Map() }));
  count(entry.domains, domain, sign);
  if (entry.domains.size === 0) terms.delete(key);
}

/** Every required term needs a matching pod in the domain. The first pod of a group may stand for itself. */
function isNear({ affinity, near }: AffinityState, pod: Pod, labels: Labels): boolean {
  if (near.length === 0) return true;
  if (near.some(({ topologyKey }) => labelOf(labels, topologyKey) === undefined)) return false;
  if (near.every((term) => podsOf(term, labels) > 0)) return true;
  return near.every(isDeserted) && allTermsMatch(affinity, pod);
}

function podsOf({ topologyKey, domains, changes }: TermCounts, labels: Labels): number {
  const domain = labelOf(labels, topologyKey);
  return domain === undefined ? 0 : (domains.get(domain) ?? 0) + (changes.get(domain) ?? 0);
}

function isDeserted({ domains, changes }: TermCounts): boolean {
  if (changes.size === 0) return domains.size === 0;
  const all = new Set([...domains.keys(), ...changes.keys()]);
  return [...all].every((domain) => (domains.get(domain) ?? 0) + (changes.get(domain) ?? 0) === 0);
}

function adjustState(state: AffinityState, { pod }: PodInfo, { pod: other, node, sign }: PodChange): AffinityState {
  const changed = (counts: TermCounts): TermCounts => {
    const domain = labelOf(node.labels, counts.topologyKey);
    if (domain === undefined) return counts;
    return { ...counts, changes: new Map(counts.changes).set(domain, (counts.changes.get(domain) ?? 0) + sign) };
  };
  const matchesAll = allTermsMatch(state.affinity, other.pod);
  const unwanted = new Map(state.unwanted);
  for (const { signature, topologyKey } of other.requiredAntiAffinity.filter((term) =>
    termMatches(term, pod, state.namespaceLabels),
  )) {
    unwanted.set(
      signature,
      changed(unwanted.get(signature) ?? { topologyKey, domains: NO_CHANGES, changes: NO_CHANGES }),
    );
  }
  return {
    ...state,
    unwanted,
    near: matchesAll ? state.near.map(changed) : state.near,
    away: state.away.map((counts, index) =>
      termMatches(state.antiAffinity[index]!, other.pod) ? changed(counts) : counts,
    ),
  };
}

function ownAttractions(
  info: PodInfo,
  snapshot: Snapshot,
  matching: Aggregates<Map<string, number>>,
): readonly Attraction[] {
  const attraction = (term: AffinityTerm, weight: number): Attraction => {
    const resolved = resolveIn(snapshot, term);
    const { topologyKey } = resolved;
    return { topologyKey, weight, domains: countMatching(matching, snapshot, [resolved], topologyKey) };
  };
  return [
    ...info.preferredAffinity.map(({ term, weight }) => attraction(term, weight)),
    ...info.preferredAntiAffinity.map(({ term, weight }) => attraction(term, -weight)),
  ];
}

/** What running pods prefer about pods like this one. */
function existingAttractions(
  info: PodInfo,
  snapshot: Snapshot,
  existing: Aggregates<Map<string, ExistingTerm>>,
  hardWeight: number,
): readonly Attraction[] {
  const terms = existing.of('preferences', snapshot.nodes, (sum, node, sign) => {
    for (const pod of node.podsWithAffinity) {
      if (hardWeight > 0) for (const term of pod.requiredAffinity) countExisting(sum, node, term, hardWeight, sign);
      for (const { term, weight } of pod.preferredAffinity) countExisting(sum, node, term, weight, sign);
      for (const { term, weight } of pod.preferredAntiAffinity) countExisting(sum, node, term, -weight, sign);
    }
  });
  const labels = namespaceLabelsOf(snapshot, info);
  return [...terms.values()]
    .filter(({ term }) => termMatches(term, info.pod, labels))
    .map(({ term, domains, weight }) => ({ topologyKey: term.topologyKey, domains, weight }));
}

/** The lowest becomes 0, the highest 100. */
function normalizeToRange(scores: number[]): void {
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  for (let index = 0; index < scores.length; index++) {
    scores[index] = range === 0 ? 0 : Math.trunc(100 * ((scores[index]! - lowest) / range));
  }
}

function namespaceLabelsOf(snapshot: Snapshot, info: PodInfo): Labels | undefined {
  return snapshot.listers.namespaces.get({ name: info.namespace })?.metadata.labels;
}

function resolveIn(snapshot: Snapshot, term: AffinityTerm): AffinityTerm {
  return resolveNamespaces(term, (selector) =>
    snapshot.listers.namespaces
      .list()
      .filter(({ metadata }) => selector.matches(metadata.labels))
      .map(({ metadata }) => metadata.name),
  );
}

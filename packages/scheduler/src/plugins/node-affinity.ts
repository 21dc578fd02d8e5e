import type { Node, NodeAffinity, NodeSelectorTerm, Pod, PreferredSchedulingTerm } from '@kts/api/types/core-v1';
import { hint } from '../framework/cluster-event.ts';
import {
  isEmptyTerm,
  nodeSelector,
  nodeSelectorTerm,
  requiredNodeAffinity,
  type NodePredicate,
} from '../framework/node-selection.ts';
import { SKIP, unresolvable, type Plugin, type PreFilterResult } from '../framework/plugin.ts';
import { normalizeToHighest } from './normalize.ts';

/**
 * A pod goes only where its node selector and required node affinity allow, and prefers what it says it prefers.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go (v1.36)
 */
export interface NodeAffinityArgs {
  /** Holds for every pod of the profile, in addition to its own. */
  readonly addedAffinity?: NodeAffinity;
}

interface PreferredTerm {
  readonly matches: NodePredicate;
  readonly weight: number;
}

const MISMATCH = unresolvable("node(s) didn't match Pod's node affinity/selector");
const ENFORCED_MISMATCH = unresolvable("node(s) didn't match scheduler-enforced node affinity");
const CONFLICT = unresolvable('pod affinity terms conflict');

const anyNode: NodePredicate = () => true;

export function nodeAffinity(args: NodeAffinityArgs = {}): Plugin<NodePredicate, readonly PreferredTerm[]> {
  const { addedAffinity } = args;
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const isAllowed = enforced && nodeSelector(enforced);
  const added = preferredTerms(addedAffinity);
  const mayMatch = (pod: Pod, node: Node): boolean =>
    (isAllowed?.(node) ?? true) && (requiredNodeAffinity(pod) ?? anyNode)(node);
  return {
    name: 'NodeAffinity',
    requeueOn: {
      'Node/Add': hint<Node>((pod, { after }) => mayMatch(pod, after!)),
      'Node/UpdateLabels': hint<Node>(
        (pod, { before, after }) => mayMatch(pod, after!) && !(requiredNodeAffinity(pod) ?? anyNode)(before!),
      ),
    },
    preFilter: ({ pod }) => {
      const required = requiredNodeAffinity(pod);
      if (required === undefined && isAllowed === undefined) return SKIP;
      return narrowedByName(pod, required ?? anyNode);
    },
    filter: (_, { node }, required) => {
      if (isAllowed !== undefined && !isAllowed(node)) return ENFORCED_MISMATCH;
      return required(node) ? undefined : MISMATCH;
    },
    preScore: ({ pod }) => {
      const own = pod.spec.affinity?.nodeAffinity;
      if (own?.preferredDuringSchedulingIgnoredDuringExecution === undefined && added.length === 0) return SKIP;
      return { state: [...added, ...preferredTerms(own)] };
    },
    score: (_, { node }, terms) => {
      let sum = 0;
      for (const { matches, weight } of terms) if (matches(node)) sum += weight;
      return sum;
    },
    normalizeScore: (scores) => normalizeToHighest(scores),
  };
}

function preferredTerms(affinity: NodeAffinity | undefined): readonly PreferredTerm[] {
  const terms: readonly PreferredSchedulingTerm[] = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return terms
    .filter(({ weight, preference }) => weight !== 0 && !isEmptyTerm(preference))
    .map(({ weight, preference }) => ({ weight, matches: nodeSelectorTerm(preference) }));
}

/** Where every term names its nodes (as the pods of a DaemonSet do), only those need to be looked at. */
function narrowedByName(pod: Pod, state: NodePredicate): PreFilterResult<NodePredicate> {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return { state };
  let nodeNames: ReadonlySet<string> = new Set();
  for (const term of terms) {
    const names = namesIn(term);
    if (names === undefined) return { state };
    nodeNames = nodeNames.union(names);
  }
  return nodeNames.size === 0 ? { reject: CONFLICT } : { state, nodeNames };
}

function namesIn(term: NodeSelectorTerm): ReadonlySet<string> | undefined {
  return (term.matchFields ?? [])
    .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    .map(({ values }): ReadonlySet<string> => new Set(values))
    .reduce<ReadonlySet<string> | undefined>((common, names) => common?.intersection(names) ?? names, undefined);
}

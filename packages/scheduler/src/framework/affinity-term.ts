import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '@kts/api/types/core-v1';
import { selection, type Labels, type Selection } from './label-selection.ts';

/** A pod (anti-)affinity term, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: Selection;
  readonly selector: Selection;
  /** Equal for terms that select the same pods in the same topology. */
  readonly signature: string;
}

export interface WeightedAffinityTerm {
  readonly weight: number;
  readonly term: AffinityTerm;
}

export function affinityTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const own = term.namespaceSelector === undefined && !term.namespaces?.length;
  return withNamespaces(
    new Set(own ? [pod.metadata.namespace] : term.namespaces),
    selection(term.namespaceSelector),
    selection(term.labelSelector),
    term.topologyKey,
  );
}

export function weightedAffinityTerm(pod: Pod, weighted: WeightedPodAffinityTerm): WeightedAffinityTerm {
  return { weight: weighted.weight, term: affinityTerm(pod, weighted.podAffinityTerm) };
}

/** The term with its namespace selector replaced by the namespaces that match it now. */
export function resolveNamespaces(
  term: AffinityTerm,
  matching: (selector: Selection) => readonly string[],
): AffinityTerm {
  const selector = term.namespaceSelector;
  if (selector.empty || selector.signature === NO_NAMESPACES.signature) return term;
  const namespaces = new Set([...term.namespaces, ...matching(selector)]);
  return withNamespaces(namespaces, NO_NAMESPACES, term.selector, term.topologyKey);
}

/** @param namespaceLabels labels of the pod's namespace, for terms that select namespaces by label. */
export function termMatches(term: AffinityTerm, pod: Pod, namespaceLabels?: Labels): boolean {
  return (
    (term.namespaces.has(pod.metadata.namespace) || term.namespaceSelector.matches(namespaceLabels)) &&
    term.selector.matches(pod.metadata.labels)
  );
}

/** False for no terms. */
export function allTermsMatch(terms: readonly AffinityTerm[], pod: Pod): boolean {
  return terms.length > 0 && terms.every((term) => termMatches(term, pod));
}

const NO_NAMESPACES = selection(undefined);

function withNamespaces(
  namespaces: ReadonlySet<string>,
  namespaceSelector: Selection,
  selector: Selection,
  topologyKey: string,
): AffinityTerm {
  const signature = [[...namespaces].sort().join(','), namespaceSelector.signature, selector.signature, topologyKey];
  return { topologyKey, namespaces, namespaceSelector, selector, signature: signature.join('|') };
}

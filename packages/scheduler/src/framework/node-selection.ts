import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '@kts/api/types/core-v1';
import { labelOf, type Labels } from './label-selection.ts';

/**
 * Node selectors, compiled to predicates.
 *
 * Mirrors: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (v1.36)
 */
export type NodePredicate = (node: Node) => boolean;

/** `spec.nodeSelector` and the required node affinity together; `undefined` if the pod has neither. */
export function requiredNodeAffinity(pod: Pod): NodePredicate | undefined {
  const pairs = Object.entries(pod.spec.nodeSelector ?? {});
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selector = required && nodeSelector(required);
  if (pairs.length === 0) return selector;
  return (node) => {
    const labels = node.metadata.labels;
    for (const [key, value] of pairs) if (labelOf(labels, key) !== value) return false;
    return selector === undefined || selector(node);
  };
}

/** Any term may match. Empty terms, and no terms, match nothing. */
export function nodeSelector(selector: NodeSelector): NodePredicate {
  const terms = selector.nodeSelectorTerms.filter((term) => !isEmptyTerm(term)).map(nodeSelectorTerm);
  return (node) => {
    for (const term of terms) if (term(node)) return true;
    return false;
  };
}

export function isEmptyTerm(term: NodeSelectorTerm): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

/** All requirements must match. A requirement that cannot be understood never does. */
export function nodeSelectorTerm(term: NodeSelectorTerm): NodePredicate {
  const expressions = (term.matchExpressions ?? []).map(labelRequirement);
  const fields = (term.matchFields ?? []).map(fieldRequirement);
  return (node) => {
    const labels = node.metadata.labels;
    for (const expression of expressions) if (!expression(labels)) return false;
    for (const field of fields) if (!field(node)) return false;
    return true;
  };
}

function labelRequirement({
  key,
  operator,
  values = [],
}: NodeSelectorRequirement): (labels: Labels | undefined) => boolean {
  switch (operator) {
    case 'In':
      return (labels) => values.includes(labelOf(labels, key)!);
    case 'NotIn':
      return (labels) => !values.includes(labelOf(labels, key)!);
    case 'Exists':
      return (labels) => labelOf(labels, key) !== undefined;
    case 'DoesNotExist':
      return (labels) => labelOf(labels, key) === undefined;
    case 'Gt':
    case 'Lt': {
      const bound = integer(values[0]);
      if (values.length !== 1 || bound === undefined) return () => false;
      return (labels) => {
        const value = integer(labelOf(labels, key));
        return value !== undefined && (operator === 'Gt' ? value > bound : value < bound);
      };
    }
  }
}

/** `metadata.name` is the only field there is. */
function fieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement): NodePredicate {
  if (values.length !== 1 || (operator !== 'In' && operator !== 'NotIn')) return () => false;
  return (node) => ((key === 'metadata.name' ? node.metadata.name : '') === values[0]) === (operator === 'In');
}

/** A 64-bit integer as Go reads it. */
function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

/**
 * Whether a daemon pod belongs on a node.
 *
 * Mirrors: pkg/controller/daemon/daemon_controller.go, NodeShouldRunDaemonPod;
 * staging/src/k8s.io/component-helpers/scheduling/corev1 (v1.36)
 */
import type { DaemonSet } from '@kts/api/types/apps-v1';
import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '@kts/api/types/core-v1';
import { labelSetMatcher, requirementMatches, type LabelOperator, type Labels } from '@kts/apimachinery';

import { withDaemonTolerations } from './daemon-pod.ts';

export interface NodeFit {
  readonly shouldRun: boolean;
  /** A pod that is there already may stay. */
  readonly mayStay: boolean;
}

const NOWHERE: NodeFit = { shouldRun: false, mayStay: false };

export function fitNode(daemonSet: DaemonSet, node: Node): NodeFit {
  const spec = daemonSet.spec.template.spec ?? { containers: [] };
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return NOWHERE;
  if (!matchesNode(spec, node)) return NOWHERE;
  const tolerations = withDaemonTolerations(spec).tolerations ?? [];
  const untolerated = (node.spec?.taints ?? []).filter((taint) => !tolerations.some((each) => tolerates(each, taint)));
  const repels = untolerated.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return { shouldRun: !repels, mayStay: !untolerated.some(({ effect }) => effect === 'NoExecute') };
}

function matchesNode(spec: PodSpec, { metadata }: Node): boolean {
  const labels = metadata.labels ?? {};
  if (!labelSetMatcher(spec.nodeSelector).matches(labels)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, labels, metadata.name));
}

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

/** A term without anything in it matches nothing. */
function matchesTerm(term: NodeSelectorTerm, labels: Labels, name: string): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  const matches = (on: Labels) => (each: { key: string; operator: string; values?: readonly string[] }) => {
    const operator = OPERATORS[each.operator];
    return operator !== undefined && requirementMatches({ key: each.key, operator, values: each.values ?? [] }, on);
  };
  return matchExpressions.every(matches(labels)) && matchFields.every(matches({ 'metadata.name': name }));
}

function tolerates({ key = '', operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return operator === 'Equal' && key !== '' && value === (taint.value ?? '');
}

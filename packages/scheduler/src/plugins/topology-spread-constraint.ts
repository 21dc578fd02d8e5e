import type { Pod, TopologySpreadConstraint } from '@kts/api/types/core-v1';
import { both, labelOf, labelsSelection, selection, type Selection } from '../framework/label-selection.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { requiredNodeAffinity } from '../framework/node-selection.ts';
import type { Listers } from '../framework/snapshot.ts';
import { toleratesNode } from '../framework/taints.ts';

/**
 * What pods ask for about their spreading, ready to be counted.
 *
 * Mirrors: pkg/scheduler/framework/plugins/podtopologyspread/common.go and plugins/helper/spread.go (v1.36)
 */
export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: Selection;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

export type DefaultConstraint = Omit<TopologySpreadConstraint, 'labelSelector'>;

type Action = TopologySpreadConstraint['whenUnsatisfiable'];

export function ownConstraints(pod: Pod, action: Action): readonly SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => spreadConstraint(constraint, ownSelector(constraint, pod)));
}

/** The pod's own constraints of this kind; if it has none of any kind, the defaults for what it belongs to. */
export function constraintsOf(
  pod: Pod,
  action: Action,
  defaults: readonly DefaultConstraint[],
  listers: Listers,
): readonly SpreadConstraint[] {
  if (pod.spec.topologySpreadConstraints?.length) return ownConstraints(pod, action);
  const wanted = defaults.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
  if (wanted.length === 0) return [];
  const selector = selectorOfOwners(pod, listers);
  return selector.empty ? [] : wanted.map((constraint) => spreadConstraint(constraint, selector));
}

/** Whether the pods of a node count for the constraint. */
export function countsNode(constraint: SpreadConstraint, pod: Pod): (node: NodeInfo) => boolean {
  const matches = constraint.honorsAffinity ? requiredNodeAffinity(pod) : undefined;
  return ({ node }) =>
    (matches === undefined || matches(node)) &&
    (!constraint.honorsTaints || toleratesNode(pod.spec.tolerations, node.spec.taints));
}

/** Equal for pods for which `countsNode` gives the same answers. */
export function nodesSignature(constraint: SpreadConstraint, { spec }: Pod): string {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return JSON.stringify([
    constraint.honorsAffinity && [spec.nodeSelector, required],
    constraint.honorsTaints && spec.tolerations,
  ]);
}

export function hasAllTopologies(node: NodeInfo, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => labelOf(node.labels, topologyKey) !== undefined);
}

/** Pods that are going away do not count, and no pods count for an empty selector. */
export function countPods(node: NodeInfo, selector: Selection, namespace: string): number {
  if (selector.empty) return 0;
  let pods = 0;
  for (const { pod, namespace: other } of node.pods) {
    if (other === namespace && pod.metadata.deletionTimestamp === undefined && selector.matches(pod.metadata.labels))
      pods++;
  }
  return pods;
}

function spreadConstraint(constraint: DefaultConstraint, selector: Selection): SpreadConstraint {
  return {
    maxSkew: constraint.maxSkew,
    topologyKey: constraint.topologyKey,
    selector,
    minDomains: constraint.minDomains ?? 1,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}

function ownSelector({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, pod: Pod): Selection {
  const selector = selection(labelSelector);
  const labels = matchLabelKeys.flatMap((key) => {
    const value = labelOf(pod.metadata.labels, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  // A missing selector selects nothing, whatever is added.
  if (labels.length === 0 || labelSelector === undefined) return selector;
  return both(selection({ matchLabels: Object.fromEntries(labels) }), selector);
}

/** What selects the pod: its services and its controller. */
function selectorOfOwners(pod: Pod, listers: Listers): Selection {
  const { namespace, labels, ownerReferences } = pod.metadata;
  const matchLabels: Record<string, string> = {};
  for (const { spec } of listers.services.list(namespace)) {
    if (spec?.selector && labelsSelection(spec.selector).matches(labels)) Object.assign(matchLabels, spec.selector);
  }
  const owner = ownerReferences?.find(({ controller }) => controller);
  const key = { namespace, name: owner?.name ?? '' };
  const services = (): Selection => selection({ matchLabels });
  switch (`${owner?.apiVersion}/${owner?.kind}`) {
    case 'v1/ReplicationController':
      Object.assign(matchLabels, listers.replicationControllers.get(key)?.spec?.selector);
      return services();
    case 'apps/v1/ReplicaSet':
      return both(services(), selection(listers.replicaSets.get(key)?.spec?.selector ?? {}));
    case 'apps/v1/StatefulSet':
      return both(services(), selection(listers.statefulSets.get(key)?.spec?.selector ?? {}));
    default:
      return services();
  }
}

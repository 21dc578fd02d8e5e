import type { Node, Pod, Taint } from '@kts/api/types/core-v1';
import { hint } from '../framework/cluster-event.ts';
import { unresolvable, type Plugin } from '../framework/plugin.ts';
import { toleratesNode } from '../framework/taints.ts';

const UNSCHEDULABLE = unresolvable('node(s) were unschedulable');

/** What a cordoned node amounts to, also before the taint has been set. */
const CORDON: readonly Taint[] = [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];

/**
 * Cordoned nodes take only pods that tolerate it.
 *
 * Mirrors: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go (v1.36)
 */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  requeueOn: {
    'Node/Add': hint<Node>((_, { after }) => !after!.spec.unschedulable),
    'Node/UpdateTaints': hint<Node>(
      (_, { before, after }) => !!before!.spec.unschedulable && !after!.spec.unschedulable,
    ),
    'Pod/UpdateTolerations': hint<Pod>(
      (pod, { after }) => after!.metadata.uid === pod.metadata.uid && toleratesNode(after!.spec.tolerations, CORDON),
    ),
  },
  filter: ({ pod }, { node }) =>
    node.spec.unschedulable && !toleratesNode(pod.spec.tolerations, CORDON) ? UNSCHEDULABLE : undefined,
};
